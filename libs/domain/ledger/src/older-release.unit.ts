import { describe, expect, it } from '@jest/globals';
import { Points, accountId } from '@tallystick/kernel';
import {
  decodeLedgerEvent as decodeThen,
  UnknownLedgerEvent,
} from '../fixtures/release-1/decode-ledger-event.js';
import {
  emptyAccount as emptyThen,
  unspentOf as unspentThen,
} from '../fixtures/release-1/account.js';
import { evolve as evolveThen } from '../fixtures/release-1/evolve.js';
import { at, opened } from '../fixtures/facts.js';
import {
  accountIn,
  accountNames,
  closeIn,
  newWorld,
  step,
  type Command,
} from '../fixtures/world.js';
import { decodeLedgerEvent, emptyAccount, evolve, unspentOf, type LedgerEvent } from './index.js';

const ann = accountId(accountNames[0]);
const bob = accountId(accountNames[1]);
const who = { who: 0, number: 1, hours: 5 };
const tea: Command = {
  ...{ ...who, kind: 'sale', hours: 0, revision: 1, pending: 0, lives: 30 },
  lines: [{ product: 'tea', quantity: '2', points: 40 }],
};
const back: Command = {
  ...who,
  kind: 'return',
  revision: 1,
  product: 'tea',
  quantity: '1',
  of: null,
};

/** What happened to an account, as it is stored. */
const written = (commands: readonly Command[], closing = false, of = ann) => {
  const world = newWorld();
  for (const command of commands) step(world, command);
  if (closing) closeIn(world, of, 1, at(50));
  const { opened: opening } = opened(of);
  if (opening === null) throw new Error('it was opened');
  const events: readonly LedgerEvent[] = [
    { type: 'AccountOpened', data: opening },
    ...world.happened.filter(({ account }) => account === of).map(({ event }) => event),
  ];
  return {
    state: accountIn(world, of),
    stored: events.map(({ type, data }) => ({
      type,
      schemaVersion: 1,
      data: JSON.stringify(data),
    })),
  };
};

const foldThen = (stored: ReturnType<typeof written>['stored']) => {
  const state = emptyThen();
  for (const event of stored) evolveThen(state, decodeThen(event));
  return state;
};

describe('an older release’s fold', () => {
  const spend: Command = { ...who, kind: 'spend', points: 5 };
  const hold: Command = { ...who, kind: 'hold', points: 5, lasts: 10 };
  const gift: Command = { ...who, kind: 'transfer', to: 1, points: 5, late: false };
  const expire: Command = { ...who, kind: 'expire', hours: 60 };
  const correct: Command = { ...who, kind: 'adjust', change: 'up', points: 1, samePerson: false };
  const bring: Command = { ...who, kind: 'import', points: 5, lives: null };
  const merge: Command = { ...who, kind: 'merge', to: 1, late: false };

  it.each([
    { what: 'points that are held', commands: [tea, hold] },
    { what: 'posted expiry', commands: [tea, expire] },
    { what: 'an adjustment', commands: [tea, correct] },
    { what: 'an opening balance', commands: [bring] },
    { what: 'a transfer that left', commands: [tea, gift] },
    { what: 'a transfer that arrived', commands: [tea, gift], of: bob },
    { what: 'a merge, of the account that left', commands: [tea, merge] },
    { what: 'a merge, of its successor', commands: [tea, merge], of: bob },
    { what: 'a closed period', commands: [tea], closing: true },
    { what: 'a return of points that had expired', commands: [tea, expire, back] },
  ])('refuses what it does not know, and skips nothing: $what', (example) => {
    const { stored } = written(example.commands, example.closing, example.of);
    expect(stored.length).toBeGreaterThan(1);
    expect(() => foldThen(stored)).toThrow(UnknownLedgerEvent);
  });

  it('reads what this release writes of the events that both know, and comes to the same', () => {
    const { stored, state } = written([
      tea,
      spend,
      back,
      { ...who, kind: 'cancel', captured: false, grace: 0 },
    ]);
    const then = foldThen(stored);
    expect(stored).toHaveLength(5);
    expect(unspentThen(then)).toBe(unspentOf(state));
    expect([...then.lots.keys()]).toEqual([...state.lots.keys()]);
    expect(state.totals).toMatchObject(then.totals);
  });

  it('wrote events that this release reads', () => {
    const { stored, state } = written([tea, spend, back]);
    const now = emptyAccount();
    for (const event of stored) {
      decodeThen(event);
      evolve(now, decodeLedgerEvent(event));
    }
    expect(now).toEqual(state);
    expect(unspentOf(now)).toBe(Points.points(15));
  });
});
