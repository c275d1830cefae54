import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageBus } from '@tallystick/message-bus';
import type { Database } from '@tallystick/postgres';
import type { LocalSystem } from '../../index.js';
import { newJournal } from '../crash/journal.js';
import { stateOf } from '../crash/state.js';
import { say } from '../tools/say.js';

/** What every receipt of a member leaves in the store: it is registered, and its points are earned. */
const eventsPerReceipt = 2;
const lookEveryMs = 200;
const tellEveryMs = 15_000;
/** A run that gets nothing done for so long has come to a stand. */
const standsStillMs = 150_000;
const busAnswersWithinMs = 10_000;

/** How far a run is, as the store says. */
export interface Progress {
  /** Receipts in the store by now. */
  done(): number;
  /** Resolves when there are so many; throws, with who did not answer, when the run has come to a stand. */
  reached(receipts: number): Promise<void>;
  stop(): Promise<void>;
}

export const watchProgress = async (parts: {
  readonly system: LocalSystem;
  readonly db: Database;
  readonly bus: MessageBus;
  readonly expected: number;
}): Promise<Progress> => {
  const { system, db, bus, expected } = parts;
  const headOf = async (): Promise<number> => {
    const { rows } = await db.query<{ head: string }>(
      'select coalesce(max(position), 0)::text as head from eventstore.events',
    );
    return Number(rows[0]?.head ?? 0);
  };
  const before = await headOf();
  const began = performance.now();
  let done = 0;
  let movedAt = began;
  let toldAt = began;
  const stopping = new AbortController();

  const look = async (): Promise<void> => {
    const now = Math.floor(((await headOf()) - before) / eventsPerReceipt);
    if (now > done) movedAt = performance.now();
    done = now;
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    const perSecond = done / ((toldAt - began) / 1000);
    say(`${done} of ${expected} receipts, ${perSecond.toFixed(0)} a second`);
  };
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(lookEveryMs);
    }
  })();
  // Whoever waits for progress hears of it.
  watching.catch(() => undefined);

  return {
    done: () => done,
    reached: async (receipts) => {
      while (done < receipts) {
        if (performance.now() - movedAt > standsStillMs)
          throw new Error(
            `nothing was done for ${standsStillMs / 1000} s, ${done} of ${expected} receipts:\n` +
              `${await lagsOf(bus)}\n${await stateOf(system, newJournal())}`,
          );
        await Promise.race([watching, sleep(lookEveryMs)]);
      }
    },
    stop: async () => {
      stopping.abort();
      await watching.catch(() => undefined);
    },
  };
};

/** Whom the topics wait for. Never throws. */
const lagsOf = async (bus: MessageBus): Promise<string> => {
  const asked = Promise.all(
    [
      { group: 'accrual', topic: 'receipts' },
      { group: 'accrual', topic: 'ledger' },
      { group: 'reporting', topic: 'ledger' },
    ].map(async ({ group, topic }) => {
      const lag = await bus.lag(group, [topic]);
      return `${group} has ${lag} messages of ${topic} before it`;
    }),
  ).then(
    (lines) => lines.join('\n'),
    (error: unknown) => `the bus: ${String(error)}`,
  );
  return await Promise.race([
    asked,
    sleep(busAnswersWithinMs, 'the bus does not answer', { ref: false }),
  ]);
};
