import { StoreUnavailable, type EventStore } from '@tallystick/event-store';
import {
  ledgerStream,
  type AccountId,
  type Clock,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import type { Account } from '@tallystick/ledger';
import type { AccountCache } from './account-cache.js';
import type { Command } from './command.js';
import type { ClosedAt } from './read-account.js';
import { waitingFor, writeRound, type Lane, type Waiting } from './round.js';

/** Commands on one account that are written together. */
const roundCommandsMax = 500;

/**
 * Decides commands on accounts, many at once: those on one account one after another in memory, written together by one append; those
 * on different accounts side by side, sharing the store's commits. An account that was used lately is not read again; the
 * expected revision tells when that was too optimistic.
 */
export class Accounts {
  private readonly lanes = new Map<StreamName, Lane>();

  constructor(
    private readonly parts: {
      readonly store: EventStore;
      readonly clock: Clock;
      readonly cache: AccountCache;
      readonly closedAt?: ClosedAt;
    },
  ) {}

  /**
   * Answers when what was decided is durable. Throws `StoreUnavailable` when that is not known (send the same again), whatever `decide`
   * throws, and `UnknownLedgerEvent` when a newer release wrote the account.
   */
  run<T>(program: ProgramId, account: AccountId, command: Command<T>): Promise<T> {
    const stream = ledgerStream(program, account);
    return new Promise((resolve, reject) => {
      const waiting = waitingFor(command, resolve, reject);
      const lane = this.lanes.get(stream);
      if (lane !== undefined) {
        lane.waiting.push(waiting);
        return;
      }
      const opened: Lane = { stream, waiting: [waiting], contended: false };
      this.lanes.set(stream, opened);
      void this.serve(opened);
    });
  }

  /** Looks at an account as the store has it now. `see` must not keep or change it. */
  look<T>(
    program: ProgramId,
    account: AccountId,
    see: (account: Account, position: bigint) => T,
  ): Promise<T> {
    return this.run(program, account, {
      decide: (state) => ({ kind: 'answer', answer: (position) => see(state, position) }),
    });
  }

  /** Never rejects: every error goes to the callers whose commands it hit. */
  private async serve(lane: Lane): Promise<void> {
    // Callers that were answered together come back in this turn of the event loop: let them in.
    await new Promise((resolve) => setImmediate(resolve));
    while (lane.waiting.length > 0) {
      const round = lane.waiting.splice(0, roundCommandsMax);
      lane.waiting.unshift(...(await this.writeTogether(lane, round)));
    }
    this.lanes.delete(lane.stream);
  }

  private async writeTogether(lane: Lane, round: readonly Waiting[]): Promise<readonly Waiting[]> {
    try {
      return await writeRound(this.parts, lane, round);
    } catch (error) {
      const open = round.filter(({ answered }) => !answered);
      if (open.length === 1 || error instanceof StoreUnavailable) {
        for (const waiting of open) waiting.reject(error);
        return [];
      }
      // One of them is at fault; the others are not to suffer for it.
      for (const waiting of open) await this.writeTogether(lane, [waiting]);
      return [];
    }
  }
}
