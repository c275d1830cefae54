import type { ProgramId } from '@tallystick/kernel';
import { metadata } from '@tallystick/service-host';
import { enrolmentEvents } from '../member/events.js';
import { noteAppended } from '../member/finished.js';
import { memberStream } from '../member/ids.js';
import type { Pin } from '../member/pins.js';
import type { Parts } from '../parts.js';

/** Well within what one append may hold: members with many cards are many events. */
const eventsPerAppendMax = 2_000;

export interface Appended {
  readonly appended: readonly Pin[];
  /** Where the last of their events stands in the store's order. */
  readonly position: bigint;
  /** Whether all of their events had been there before. */
  readonly known: boolean;
}

/** Parts of at most so many events each; a member's own events stay together. */
const parted = (pins: readonly Pin[]): Pin[][] => {
  const groups: Pin[][] = [];
  let events = Infinity;
  for (const pin of pins) {
    const own = 1 + pin.cards.length;
    if (events + own > eventsPerAppendMax) {
      groups.push([]);
      events = 0;
    }
    groups.at(-1)?.push(pin);
    events += own;
  }
  return groups;
};

/**
 * Appends the events of pins whose streams are empty, and notes it. Those whose streams have begun meanwhile are not
 * among what it returns, nor are those that were appended with them.
 */
export const appendPins = async (
  parts: Parts,
  program: ProgramId,
  pins: readonly Pin[],
): Promise<readonly Appended[]> => {
  const done: Appended[] = [];
  const now = parts.clock();
  for (const appended of parted(pins)) {
    const result = await parts.store.append(
      appended.map((pin) => ({
        stream: memberStream(program, pin.member),
        expected: 'noStream' as const,
        events: enrolmentEvents(
          pin,
          metadata(pin.context, { program, occurredAt: pin.since }, () => now),
        ),
      })),
    );
    if (result.kind === 'conflict') continue;
    await noteAppended(
      parts.db,
      program,
      appended.map(({ member }) => member),
    );
    done.push({ appended, position: result.position, known: result.kind === 'unchanged' });
  }
  return done;
};
