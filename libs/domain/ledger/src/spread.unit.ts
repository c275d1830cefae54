import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Points, factId } from '@tallystick/kernel';
import { decodeLedgerEvent as decodeThen } from '../fixtures/release-1/decode-ledger-event.js';
import { at, given, sale } from '../fixtures/facts.js';
import { storedOf, type Kept } from '../fixtures/stored.js';
import {
  beginsPeriod,
  decideClose,
  decodeLedgerEvent,
  emptyAccount,
  eventAt,
  evolve,
  foldStored,
  LedgerReader,
  understoodLedgerRecord,
  UnknownLedgerEvent,
  type LedgerEvent,
} from './index.js';

const redeemed = (lots: number, reference = 'till'): LedgerEvent => ({
  type: 'PointsRedeemed',
  data: {
    redemption: factId('redemption', 'club', '1'),
    factHash: 'h',
    occurredAt: at(1),
    points: Points.points(lots),
    kind: 'discount',
    reference,
    allocations: Array.from({ length: lots }, (_, n) => ({
      lot: `lot-${n}`,
      points: Points.points(1),
    })),
  },
});

/** A sale, closed. */
const closing = (): { readonly event: LedgerEvent; readonly before: readonly LedgerEvent[] } => {
  const { state, events } = given(sale(1, [{ product: 'tea', points: 40 }]));
  if (state.opened === null) throw new Error('it was opened');
  const opening: LedgerEvent = { type: 'AccountOpened', data: state.opened };
  const decision = decideClose(
    state,
    { fact: factId('period', '1'), factHash: 'h', through: at(50), keepFrom: at(-10) },
    at(50),
  );
  if (decision.kind !== 'closed') throw new Error(decision.kind);
  return { event: decision.event, before: [opening, ...events] };
};

const read = (stored: readonly Kept[]): readonly LedgerEvent[] => {
  const reader = new LedgerReader();
  return stored.flatMap((one) => reader.read(one) ?? []);
};

describe('an event that is stored in parts', () => {
  it('is what it was, whatever is in it and wherever it is cut', () => {
    const any = fc.record({
      lots: fc.nat(12),
      reference: fc.string({ unit: 'binary', maxLength: 8 }),
      names: fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { maxLength: 6 }),
      unitsMax: fc.integer({ min: 2, max: 60 }),
    });
    fc.assert(
      fc.property(any, ({ lots, reference, names, unitsMax }) => {
        const plain = redeemed(lots, reference.toWellFormed());
        if (plain.type !== 'PointsRedeemed') throw new Error('it is one');
        const allocations = [
          ...plain.data.allocations,
          ...names.map((name) => ({ lot: name.toWellFormed(), points: Points.points(2) })),
        ];
        const event: LedgerEvent = { ...plain, data: { ...plain.data, allocations } };
        const stored = storedOf(event, unitsMax);
        expect(JSON.stringify(read(stored))).toBe(JSON.stringify([event]));
        for (const { type, data } of stored.slice(0, -1)) {
          expect(type).toBe('EventPart');
          const { text } = JSON.parse(data) as { text: string };
          expect(text.length).toBeLessThanOrEqual(unitsMax);
          expect(text.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it('has its head under its own name, with all but the lists', () => {
    const stored = storedOf(redeemed(30), 500);
    expect(stored.map(({ type }) => type)).toEqual([
      ...Array.from({ length: stored.length - 1 }, () => 'EventPart'),
      'PointsRedeemed',
    ]);
    const last = stored.at(-1) ?? fail();
    const head = understoodLedgerRecord({ ...last, data: JSON.parse(last.data) as object });
    expect(head).toMatchObject({
      kind: 'head',
      parts: stored.length - 1,
      event: { data: { points: 30, kind: 'discount', allocations: [] } },
    });
  });

  it('is found by where its head is', () => {
    const [one, two, three] = [redeemed(3), redeemed(40), redeemed(50)];
    const stored = [storedOf(one), storedOf(two, 400), storedOf(three, 400)].flat();
    const heads = stored.flatMap(({ type }, index) => (type === 'EventPart' ? [] : [index]));
    expect(heads.map((index) => eventAt(stored, index))).toEqual([one, two, three]);
    expect(() => eventAt(stored, 1)).toThrow('ends with its head');
    expect(() => eventAt(stored, stored.length)).toThrow('something is stored');
    expect(() => eventAt(stored.slice(2), (heads[1] ?? 0) - 2)).toThrow('come before it');
  });

  it('is not read where a part is missing, stands elsewhere or is of another event', () => {
    const stored = storedOf(redeemed(40), 400);
    const other = storedOf(redeemed(41), 400);
    expect(stored.length).toBeGreaterThan(3);
    const [first, second, ...rest] = stored;
    if (first === undefined || second === undefined || other[0] === undefined) return fail();
    const head = stored.at(-1) ?? fail();
    for (const torn of [
      [head],
      stored.slice(1),
      stored.toSpliced(1, 1),
      [second, first, ...rest],
      [other[0], ...stored.slice(1)],
      [first, ...stored],
    ])
      expect(() => read(torn)).toThrow('come before it');
    const before = [...stored.slice(0, -1), ...storedOf(redeemed(1))];
    expect(() => read(before)).toThrow('parts come before a PointsRedeemed that has none');
  });

  it('is not begun until its head is there', () => {
    const { event, before } = closing();
    const stored = [...before, event].flatMap((one) => storedOf(one, 200));
    const whole = foldStored(stored);
    expect(foldStored(stored.slice(0, -1)).closed).toBeNull();
    expect(whole.closed).not.toBeNull();
  });

  it('is no event by itself: neither its parts nor its head', () => {
    for (const part of storedOf(redeemed(40), 400))
      expect(() => decodeLedgerEvent(part)).toThrow('stored in parts');
    expect(decodeLedgerEvent(storedOf(redeemed(40))[0] ?? fail())).toEqual(redeemed(40));
  });

  it('is refused by releases that know no parts, by every one of its stored events', () => {
    const { event } = closing();
    for (const one of [...storedOf(redeemed(40), 400), ...storedOf(event, 200)])
      expect(() => decodeThen(one)).toThrow('does not understand');
    const versions = (of: LedgerEvent) => storedOf(of, 200).at(-1)?.schemaVersion;
    // The release before parts understood 2 of what earns and of what is carried, and 1 of all else.
    expect([versions(event), versions(redeemed(40))]).toEqual([5, 2]);
    const newer = { ...(storedOf(event, 200)[0] ?? fail()), schemaVersion: 2 };
    expect(() => new LedgerReader().read(newer)).toThrow(UnknownLedgerEvent);
    expect(understoodLedgerRecord({ ...newer, data: {} })).toBeNull();
  });
});

describe('a closed period in parts', () => {
  it('carries the account: a fold begins at its first part', () => {
    const { event, before } = closing();
    const whole = evolve(
      before.reduce((state, one) => evolve(state, one), emptyAccount()),
      event,
    );
    const stored = storedOf(event, 200);
    expect(foldStored(stored)).toEqual(whole);
    expect(stored.map(beginsPeriod)).toEqual(stored.map((_, index) => index === 0));
    expect(beginsPeriod(storedOf(event)[0] ?? fail())).toBe(true);
    expect(beginsPeriod(storedOf(redeemed(40), 400)[0] ?? fail())).toBe(false);
    expect(beginsPeriod(storedOf(redeemed(40))[0] ?? fail())).toBe(false);
  });
});

const fail = (): never => {
  throw new Error('it was there a moment ago');
};
