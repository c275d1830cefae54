import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  accountId,
  addDays,
  addMonths,
  addMs,
  dayAt,
  epochMs,
  localDate,
  startOfDay,
  timeZone,
} from '@tallystick/kernel';
import { account, at, expire, given, givenAs, opened, sale, spend } from '../fixtures/facts.js';
import { history, hours, policy, some } from '../fixtures/histories.js';
import { Model } from '../fixtures/model.js';
import { runs } from '../fixtures/runs.js';
import { storedOf } from '../fixtures/stored.js';
import {
  accountIn,
  accountNames,
  closeIn,
  defaultTerms,
  instantOf,
  newWorld,
  step,
  writtenAt,
  type Command,
  type World,
} from '../fixtures/world.js';
import {
  arrearsOf,
  carry,
  certificatePostings,
  certificateStatus,
  decideLapses,
  decideMergeIn,
  decideMergeOut,
  decideTransferIn,
  evolve,
  foldStored,
  heldOf,
  LedgerReader,
  outstandingCertificates,
  postings,
  unspentOf,
  valuation,
  type Account,
  type LedgerEvent,
} from './index.js';

/** From how many units of text on an event is stored in parts of so many: often, seldom, never. */
const unitsMax = fc.constantFrom(7, 60, 300, 2_000, Infinity);
const ids = accountNames.map((name) => accountId(name));

/** `expect` costs more than the ledger does: said once for each step, and only where it fails. */
const must = (condition: boolean, message: string): void => {
  if (!condition) throw new Error(message);
};

const noneNegative = (state: Account): void => {
  for (const [name, points] of Object.entries(state.totals)) must(points >= 0, `${name} ${points}`);
  for (const lot of state.lots.values()) must(lot.remaining > 0, `lot ${lot.lot.id}`);
  for (const lot of state.emptied.values()) must(lot.remaining === 0, `lot ${lot.lot.id}`);
  for (const { expired } of [...state.lots.values(), ...state.emptied.values()])
    must(expired >= 0, 'expired');
  for (const hold of state.holds.values()) {
    must(
      hold.left.every(({ points }) => points > 0),
      `hold ${hold.id}`,
    );
    must(hold.left.length === 0 || hold.status === 'open', `hold ${hold.id} is over`);
  }
  for (const fact of state.facts.values()) {
    for (const line of fact.lines) {
      must(Number(line.returned) <= Number(line.quantity), 'no more comes back than was sold');
      must(Number(line.returned) >= 0, 'what comes back is not negative');
      line.reversed.forEach((points, index) => {
        must(points >= 0 && points <= (line.points[index] ?? 0), 'no more is reversed than earned');
      });
    }
  }
  const byYear = new Map<string, number>();
  for (const [day, { spendMinor, points, visits }] of state.history) {
    must(spendMinor >= 0 && points >= 0 && visits >= 0, `${day} is not negative`);
    byYear.set(day.slice(0, 4), (byYear.get(day.slice(0, 4)) ?? 0) + spendMinor);
  }
  for (const [year, minor] of state.spend)
    must(minor === (byYear.get(year) ?? 0), `the days of ${year} come to its spend`);
};

describe('whatever happens to accounts', () => {
  it('the equation holds at every step, nothing is negative, and the books balance and equal the folded accounts', () => {
    fc.assert(
      fc.property(history, policy, (steps, arrears) => {
        const world = newWorld({ ...defaultTerms, arrears });
        const books = new Map<string, number>();
        const money = new Map<string, number>();
        let seen = 0;
        for (const one of steps) {
          const totals = ids.map((id) => ({ ...accountIn(world, id).totals }));
          step(world, one); // asserts the equation after each event
          for (const { account: id, event } of world.happened.slice(seen)) {
            const entries = postings(id, event);
            const sum = entries.reduce((all, entry) => all + entry.points, 0);
            must(sum === 0, `${event.type} is out of balance by ${sum}`);
            for (const entry of entries)
              books.set(entry.account, (books.get(entry.account) ?? 0) + entry.points);
            let minor = 0;
            for (const entry of certificatePostings(id, event)) {
              minor += entry.minor;
              money.set(entry.account, (money.get(entry.account) ?? 0) + entry.minor);
            }
            must(minor === 0, `the money of ${event.type} is out of balance by ${minor}`);
          }
          seen = world.happened.length;
          ids.forEach((id, index) => {
            const state = accountIn(world, id);
            noneNegative(state);
            for (const [name, before] of Object.entries(totals[index] ?? {}))
              must(
                before <= (new Map<string, number>(Object.entries(state.totals)).get(name) ?? -1),
                `${name} never shrinks`,
              );
            const book = (what: string) => books.get(`member/${id}/${what}`) ?? 0;
            must(book('unspent') === unspentOf(state), 'unspent');
            must(book('held') === heldOf(state), 'held');
            must(book('arrears') === 0 - arrearsOf(state), 'arrears');
            const gifts = outstandingCertificates(state).get('GBP') ?? 0;
            must((money.get(`certificates/member/${id}`) ?? 0) === gifts, 'certificates');
          });
          const way = world.onTheWay.reduce(
            (sum, { kind, sent }) =>
              sum + (kind === 'transfer' ? sent.points : sent.unspent + sent.held - sent.arrears),
            0,
          );
          must((books.get('transferred') ?? 0) === way, 'between accounts is what is on the way');
        }
      }),
      runs(1_200),
    );
  });

  it('each step is what the naive model says', () => {
    fc.assert(
      fc.property(history, policy, (steps, arrears) => {
        const world = newWorld({ ...defaultTerms, arrears });
        const model = new Model(accountNames.length, arrears, 50);
        for (const one of steps) {
          const now = one;
          const [real, modelled] = [step(world, now), model.step(now)];
          must(
            real === modelled,
            `${JSON.stringify(now)}: ${real}, and the model says ${modelled}`,
          );
          ids.forEach((id, index) => {
            const state = accountIn(world, id);
            if (state.merged !== null) return;
            for (const hour of new Set([now.hours, 30, 50])) {
              const [is, should] = [valuation(state, at(hour)), model.view(index, hour)];
              if (JSON.stringify(pick(is)) !== JSON.stringify(should)) expect(is).toEqual(should);
              const [has, gifts] = [certificatesOf(state, at(hour)), model.gifts(index, hour)];
              if (has.join() !== gifts.join()) expect(has).toEqual(gifts);
            }
            const [lots, points] = [lotsOf(state), model.lots(index)];
            must(
              lots.size === points.size && [...lots].every(([lot, n]) => points.get(lot) === n),
              `${JSON.stringify([...lots])}, and the model says ${JSON.stringify([...points])}`,
            );
          });
        }
      }),
      runs(1_200),
    );
  });

  it('folding the stored events gives the same accounts', () => {
    fc.assert(
      fc.property(history, unitsMax, (steps, units) => {
        const world = newWorld();
        for (const one of steps) step(world, one);
        for (const id of ids) {
          const { opened: opening } = opened(id);
          const events: readonly LedgerEvent[] = [
            { type: 'AccountOpened', data: opening ?? fail() },
            ...world.happened.filter((one) => one.account === id).map(({ event }) => event),
          ];
          const stored = events.flatMap((event) => storedOf(event, units));
          const reader = new LedgerReader();
          const read = stored.flatMap((one) => reader.read(one) ?? []);
          must(JSON.stringify(read) === JSON.stringify(events), 'what is read is what was written');
          expect(foldStored(stored)).toEqual(accountIn(world, id));
        }
      }),
      runs(300),
    );
  });

  it('applying a fact twice is applying it once, at once and after all that followed, merges too', () => {
    /** Answers of what was done under a name: later, it is that still. */
    const named = new Set(
      'applied redeemed refunded held captured released adjusted sent imported used given-back'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(history, (steps) => {
        const world = newWorld();
        const applied: Command[] = [];
        for (const one of steps) {
          const before = world.happened.length;
          const first = step(world, one);
          const after = world.happened.length;
          if (named.has(first)) applied.push(one);
          if (after === before || one.kind === 'merge') continue;
          const answer = step(world, one);
          must(world.happened.length === after, `${one.kind} a second time: ${answer}`);
        }
        step(world, { kind: 'deliver', who: 0, number: 0, hours: 60 });
        const all = world.happened.length;
        for (const one of applied) {
          const answer = step(world, one);
          must(world.happened.length === all, `${one.kind} again, after all: ${answer}`);
        }
        for (const { event } of world.happened.slice(0, all)) arriveAgain(world, event);
      }),
      runs(1_000),
    );
  });

  it('points that are held cannot be spent by anything but their hold', () => {
    const holders = new Set(['hold', 'capture', 'release', 'lapse', 'merge', 'deliver']);
    fc.assert(
      fc.property(history, (steps) => {
        const world = newWorld();
        for (const one of steps) {
          if ('late' in one && one.late) continue;
          const when = instantOf(one);
          const held = (): number =>
            ids.reduce((sum, id) => sum + valuation(accountIn(world, id), when).held, 0);
          const before = held();
          const offered = Math.max(
            ...ids.map((id) => valuation(accountIn(world, id), at(one.hours)).available),
          );
          const answer = step(world, one);
          if (!holders.has(one.kind)) must(held() === before, `${one.kind} touched a hold`);
          if (answer === 'redeemed' && one.kind === 'spend')
            must(one.points <= offered, 'spent more than was available');
        }
      }),
      runs(500),
    );
  });

  it('posting the holds whose time is over changes no balance, whenever it is done', () => {
    fc.assert(
      fc.property(history, policy, hours, (steps, arrears, later) => {
        const world = newWorld({ ...defaultTerms, arrears });
        for (const one of steps) {
          step(world, one);
          for (const id of ids) {
            const state = accountIn(world, id);
            const when = instantOf(one);
            const lapses = decideLapses(state, when);
            if (lapses.length === 0) continue;
            const posted = structuredClone(state);
            for (const event of lapses) evolve(posted, event);
            must(decideLapses(posted, when).length === 0, 'posted once');
            for (const at of [when, addMs(when, later * 3_600_000)])
              expect(valuation(posted, at)).toEqual(valuation(state, at));
          }
        }
      }),
      runs(300),
    );
  });

  it('folding all events is folding a closed period and the rest', () => {
    fc.assert(
      fc.property(history, fc.nat(30), fc.constantFrom(-1000, 20, 40), unitsMax, (...of) => {
        const [steps, at30, from, units] = of;
        const terms = { ...defaultTerms, keepFrom: at(from) };
        const [whole, split] = [newWorld(), newWorld()];
        const first = steps.slice(0, at30);
        for (const world of [whole, split]) for (const one of first) step(world, one);
        for (const world of [whole, split]) {
          step(world, { kind: 'deliver', who: 0, number: 0, hours: 50 });
          world.terms = terms;
        }
        for (const id of ids) {
          if (closeIn(split, id, 1, writtenAt) !== 'closed') continue;
          const closing = split.happened.at(-1)?.event ?? fail();
          split.accounts.set(id, foldStored(storedOf(closing, units)));
        }
        for (const one of steps.slice(at30)) {
          if (namesForgotten(whole, split, one, from)) continue;
          const count = [whole.happened.length, split.happened.length];
          const answers = [step(whole, one), step(split, one)];
          must(answers[0] === answers[1], `${JSON.stringify(one)}: ${answers.join(', not ')}`);
          const [events, others] = [whole, split].map((world, index) =>
            JSON.stringify(world.happened.slice(count[index])),
          );
          if (one.kind !== 'merge' && one.kind !== 'deliver')
            must(events === others, `${JSON.stringify(one)}: ${events}, not ${others}`);
        }
        for (const id of ids) {
          const [one, other] = [accountIn(whole, id), accountIn(split, id)];
          expect(other.totals).toEqual(one.totals);
          expect(valuation(other, at(50))).toEqual(valuation(one, at(50)));
          expect(carry(other, terms.keepFrom)).toEqual(carry(one, terms.keepFrom));
        }
      }),
      runs(600),
    );
  });

  it('under a flat rulebook any order of delivery of independent facts gives one balance', () => {
    const independent = fc.uniqueArray(
      fc.record({
        ...{ who: fc.constant(0), number: fc.nat(30), hours, points: some },
        kind: fc.constantFrom('sale', 'import', 'adjust', 'expire'),
        lives: fc.option(some, { nil: null }),
      }),
      { selector: ({ kind, number }) => `${kind} ${number}`, minLength: 1, maxLength: 14 },
    );
    fc.assert(
      fc.property(independent, fc.func(fc.integer()), (facts, rank) => {
        const world = (order: typeof facts): World => {
          const all = newWorld();
          for (const { kind: what, points, ...rest } of order) {
            if (what === 'sale') {
              const lines = [{ product: 'tea', quantity: '1', points }];
              step(all, { ...rest, kind: what, revision: 1, lines, pending: 0 });
            } else if (what === 'import') step(all, { ...rest, kind: what, points });
            else if (what === 'expire') step(all, { ...rest, kind: what });
            else step(all, { ...rest, kind: what, points, change: 'up', samePerson: false });
          }
          step(all, { who: 0, number: 0, hours: 70, kind: 'expire' });
          return all;
        };
        const shuffled = [...facts].sort((a, b) => rank(a) - rank(b));
        const [one, other] = [world(facts), world(shuffled)].map((all) =>
          accountIn(all, ids[0] ?? fail()),
        );
        expect(valuation(other ?? fail(), at(70))).toEqual(valuation(one ?? fail(), at(70)));
        expect(other?.totals).toEqual(one?.totals);
      }),
      runs(300),
    );
  });

  it('a lot lives until the first moment after its last day, over daylight-saving and leap days, however often the clock runs', () => {
    const zones = fc.constantFrom(
      'Europe/Warsaw',
      'America/New_York',
      'Australia/Lord_Howe',
      'UTC',
    );
    fc.assert(
      fc.property(
        zones,
        fc.nat(1500),
        fc.nat(24),
        fc.array(fc.nat(60), { maxLength: 5 }),
        (name, day, months, runs) => {
          const zone = timeZone(name);
          const sold = addDays(localDate('2027-01-01'), day);
          const last = addMonths(sold, months);
          const expiresAt = startOfDay(addDays(last, 1), zone);
          must(
            epochMs(expiresAt) - epochMs(startOfDay(last, zone)) >= 22 * 3_600_000,
            'a day long',
          );
          const occurredAt = startOfDay(sold, zone);
          const make = () =>
            givenAs(account, sale(1, [{ product: 'tea', points: 5 }], { occurredAt, expiresAt }))
              .state;
          const [often, once] = [make(), make()];
          for (const run of runs) expire(often, addMs(expiresAt, (run - 30) * 3_600_000));
          const lastMoment = addMs(expiresAt, -1);
          must(dayAt(lastMoment, zone) === last, 'that is on its last day');
          must(dayAt(expiresAt, zone) === addDays(last, 1), 'and the next is on the next day');
          must(valuation(once, lastMoment).available === 5, 'it lives to its last moment');
          must(valuation(once, expiresAt).lapsed === 5, 'and no longer');
          for (const state of [often, once]) expire(state, addMs(expiresAt, 40 * 3_600_000));
          expect(often).toEqual(once);
          must(once.totals.expired === 5, 'and then it is posted');
        },
      ),
      runs(100),
    );
  });
});

describe('what is offered', () => {
  it('redeem against one pool, deduct from another: what is available is what is deducted, to the last point', () => {
    fc.assert(
      fc.property(history, hours, (steps, hour) => {
        const world = newWorld();
        for (const one of steps) step(world, one);
        for (const id of ids) {
          const state = accountIn(world, id);
          const { available, pending, lapsed, held } = valuation(state, at(hour));
          if (state.merged !== null) continue;
          must(spend(state, 901, available + 1, at(hour)).kind === 'insufficient', 'one more');
          if (available === 0) continue;
          must(spend(state, 902, available, at(hour)).kind === 'redeemed', 'all of it');
          expect(valuation(state, at(hour))).toMatchObject({ available: 0, pending, lapsed, held });
        }
      }),
      runs(300),
    );
  });

  it('the last point: 10,000 redemptions of a balance of 5,000 succeed exactly 5,000 times', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 3_000 }]),
      sale(2, [{ product: 'tea', points: 2_000 }], { expiresAt: at(9) }),
      sale(3, [{ product: 'tea', points: 500 }], { availableAt: at(9) }),
    );
    let redeemed = 0;
    for (let number = 0; number < 10_000; number += 1)
      if (spend(state, number, 1).kind === 'redeemed') redeemed += 1;
    expect(redeemed).toBe(5_000);
    expect(valuation(state, at(2))).toMatchObject({ available: 0, pending: 500, arrears: 0 });
  });

  it('two cards of one member used at one instant earn twice, and cannot spend the same point', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 5 }]),
      sale(2, [{ product: 'tea', points: 5 }], { card: 'c-2' as never }),
    );
    expect(valuation(state, at(2))).toMatchObject({ available: 10 });
    expect([spend(state, 1, 6).kind, spend(state, 2, 6).kind]).toEqual([
      'redeemed',
      'insufficient',
    ]);
  });
});

const fail = (): never => {
  throw new Error('it was there a moment ago');
};

/** What one account sent to another arrives there once, whatever the other has become. */
const arriveAgain = (world: World, event: LedgerEvent): void => {
  if (event.type !== 'PointsTransferred' && event.type !== 'AccountsMerged') return;
  const { data } = event;
  if (data.side === 'in' || data.side === 'target') return;
  const meant = data.side === 'out' ? data.to : data.target;
  let to = accountIn(world, meant);
  while (to.merged !== null) to = accountIn(world, to.merged.into);
  const again =
    data.side === 'out'
      ? decideTransferIn(to, data, at(60)).kind
      : decideMergeIn(to, data, at(60)).kind;
  must(again === 'known', `${event.type} arrives again: ${again}`);
  if (data.side !== 'source') return;
  const left = decideMergeOut(accountIn(world, data.source), data, at(60)).kind;
  must(left === 'known', `AccountsMerged leaves again: ${left}`);
};

const pick = ({
  unspent,
  pending,
  available,
  lapsed,
  held,
  arrears,
}: ReturnType<typeof valuation>) => ({
  unspent,
  pending,
  available,
  lapsed,
  held,
  arrears,
});

const certificatesOf = (state: Account, when: ReturnType<typeof at>): string[] =>
  [...state.certificates.values()]
    .map((one) => `${one.id} ${one.valueMinor} ${certificateStatus(one, when)}`)
    .sort();

const lotsOf = (state: Account): Map<string, number> =>
  new Map([...state.lots.values()].map(({ lot, remaining }) => [lot.id, remaining]));

/** Whether a step is about something that the closed period left behind: there only its own stream knows it. */
const namesForgotten = (whole: World, split: World, one: Command, from: number): boolean => {
  if (['sale', 'return', 'certify'].includes(one.kind) && one.hours < from) return true;
  return ids.some((id) => {
    const [all, kept] = [accountIn(whole, id), accountIn(split, id)];
    const memories = [
      [all.facts, kept.facts],
      [all.redemptions, kept.redemptions],
      [all.holds, kept.holds],
      [all.known, kept.known],
    ] as const;
    // One whose time was over is not issued again: time does not go back.
    if (one.kind === 'use' || one.kind === 'give-back')
      return [...all.certificates.keys()].some((name) => !kept.certificates.has(name));
    const numbers = [one.number, ...('hold' in one ? [one.hold] : [])];
    return memories.some(([before, after]) =>
      [...before.keys()].some(
        (name) =>
          !after.has(name) &&
          numbers.some((number) => name.includes(`/${one.who}%2D`) && name.endsWith(`${number}`)),
      ),
    );
  });
};
