import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { factId, programId, streamName } from '@tallystick/kernel';
import { z } from 'zod';
import type { Acknowledged } from './journal.js';
import { partner, program } from './load.js';

/** What the store says of one thing that a client was told: how often it is there, and with how many points in all. */
interface Told {
  times: number;
  points: number;
}

/** By what it is and its id: `redemption 4711…`. */
type Found = Map<string, Told>;

const id = z.string();
const points = z.int();
/** Ids of facts are paths; the last part is what clients are told. */
const lastPart = (fact: string): string => fact.slice(fact.lastIndexOf('/') + 1);

const readers: Readonly<
  Record<string, (data: unknown) => { readonly key: string; readonly points: number }>
> = {
  PointsEarned: (data) => {
    const earned = z.object({ fact: id, points }).parse(data);
    return { key: `earned ${earned.fact}`, points: earned.points };
  },
  EarnReversed: (data) => {
    const reversed = z.object({ fact: id, points }).parse(data);
    return { key: `reversed ${reversed.fact}`, points: reversed.points };
  },
  PointsRedeemed: (data) => {
    const redeemed = z.object({ redemption: id, points }).parse(data);
    return { key: `redemption ${lastPart(redeemed.redemption)}`, points: redeemed.points };
  },
  RedemptionRefunded: (data) => {
    const refunded = z.object({ redemption: id, points }).parse(data);
    return { key: `refund ${lastPart(refunded.redemption)}`, points: refunded.points };
  },
  PointsHeld: (data) => {
    const held = z.object({ hold: id, points }).parse(data);
    return { key: `hold ${lastPart(held.hold)}`, points: held.points };
  },
  HoldCaptured: (data) => {
    const captured = z.object({ fact: id, points }).parse(data);
    return { key: `capture ${lastPart(captured.fact)}`, points: captured.points };
  },
  HoldReleased: (data) => {
    const released = z.object({ hold: id, points }).parse(data);
    return { key: `release ${lastPart(released.hold)}`, points: released.points };
  },
};

/** What the clients were told, in the words of the store. */
const wanted = (acknowledged: readonly Acknowledged[]): Found => {
  const found: Found = new Map();
  for (const one of acknowledged) {
    switch (one.kind) {
      case 'receipt':
        // A receipt that earned nothing is remembered by its account all the same; a return alone earns nothing.
        if (one.earned > 0) count(found, `earned ${one.id}`, one.earned);
        if (one.reversed > 0) count(found, `reversed ${one.id}`, one.reversed);
        break;
      case 'enrolment':
        count(found, `stream ${streamName('member', programId(program), one.id)}`, 0);
        break;
      case 'partner-event':
        count(
          found,
          `stream ${streamName('partnerevent', programId(program), partner, one.id)}`,
          0,
        );
        break;
      default:
        count(found, `${one.kind} ${one.id}`, one.points);
    }
  }
  return found;
};

const count = (found: Found, key: string, more: number): void => {
  const told = found.get(key) ?? { times: 0, points: 0 };
  found.set(key, { times: told.times + 1, points: told.points + more });
};

export interface Verdict {
  readonly events: number;
  /** Acknowledged, and not in the store: `redemption 4711…`. */
  readonly lost: readonly string[];
  /** More than once in the store, or with other points than were told. */
  readonly twice: readonly string[];
  /** In the store, and nobody was told: every client asked until it was answered. */
  readonly untold: readonly string[];
  /** Partners' events whose award is not there exactly once. */
  readonly unsettled: readonly string[];
}

/** Reads the whole store, and compares it with what the clients were told. */
export const compareWithStore = async (
  store: Pick<EventStore, 'readAll'>,
  acknowledged: readonly Acknowledged[],
): Promise<Verdict> => {
  const found: Found = new Map();
  const streams = new Set<string>();
  let events = 0;
  for await (const event of store.readAll()) {
    events += 1;
    if (event.revision === 0 && /^(member|partnerevent)-/.test(event.stream))
      streams.add(event.stream);
    const told = tell(event);
    if (told !== undefined) count(found, told.key, told.points);
  }
  for (const stream of streams) count(found, `stream ${stream}`, 0);

  const told = wanted(acknowledged);
  const awards = new Set(
    acknowledged.flatMap((one) =>
      one.kind === 'partner-event'
        ? [`earned ${factId('partnerevent', program, partner, one.id)}`]
        : [],
    ),
  );
  const same = (a: Told | undefined, b: Told): boolean =>
    a?.times === b.times && a.points === b.points;
  return {
    events,
    lost: [...told.keys()].filter((key) => !found.has(key)),
    twice: [...told].flatMap(([key, one]) =>
      found.has(key) && !same(found.get(key), one)
        ? [`${key}: told ${JSON.stringify(one)}, found ${JSON.stringify(found.get(key))}`]
        : [],
    ),
    untold: [...found.keys()].filter(
      (key) => !told.has(key) && !awards.has(key) && !isNothing(key, found),
    ),
    unsettled: [...awards].filter((key) => found.get(key)?.times !== 1),
  };
};

/** Receipts that earned nothing leave an event of no points. */
const isNothing = (key: string, found: Found): boolean =>
  found.get(key)?.points === 0 && key.startsWith('earned ');

const tell = ({ type, data }: RecordedEvent) => {
  const read = readers[type];
  return read === undefined ? undefined : read(JSON.parse(data));
};
