import {
  factId,
  instant,
  invariant,
  localDate,
  Points,
  type AccountId,
  type FactId,
  type Instant,
} from '@tallystick/kernel';
import {
  decideAdjust,
  decideCapture,
  decideCertificateExpiries,
  decideCertificates,
  decideClose,
  decideExpiry,
  decideGiveBack,
  decideHold,
  decideImport,
  decideLapses,
  decideMergeIn,
  decideMergeOut,
  decideRelease,
  decideTransferIn,
  decideTransferOut,
  decideUseCertificate,
  type Account,
  type CertificateTerms,
  type Change,
  type LedgerEvent,
} from '@tallystick/ledger';
import { program, type Shop } from './shop.js';

const at = instant('2026-02-10T10:00:00Z');
const lapsesAt = instant('2026-02-11T10:00:00Z');
/** When the holds are over that nobody captures. */
export const overAt = instant('2026-02-20T10:00:00Z');
const later = instant('2026-02-12T10:00:00Z');
const points = Points.points;
const factHash = 'h';

/** Certificates of two days: of the one what came late made more, it is used, given back and over; the other goes with a merge. */
const certificates = (shop: Shop, name: AccountId): void => {
  const of = (): Account => shop.accountOf(name);
  const terms = (day: string, validUntil: Instant, from: string): CertificateTerms => ({
    ...{ rule: 'gift', by: 'spend', currency: 'GBP', funder: 'chain', endsAt: at, validUntil },
    period: { kind: 'month', first: localDate(day), last: localDate(day) },
    rulebook: { version: 1, hash: 'h' },
    steps: [
      { from, amount: 0, valueMinor: 500 },
      { from: '0.03', amount: 3, valueMinor: 700 },
    ],
  });
  const record = (id: string, events: readonly LedgerEvent[]): void => {
    shop.record(name, factId('certificates', id), events);
  };
  const long = instant('2027-01-01T00:00:00Z');
  record('first', decideCertificates(of(), [terms('2026-01-01', later, '0')], at));
  record('second', decideCertificates(of(), [terms('2026-01-02', long, '0')], at));
  const [first] = of().certificates.keys();
  invariant(first !== undefined, 'one was given');
  const more = {
    ...terms('2026-01-01', later, '0'),
    steps: [{ from: '0', amount: 0, valueMinor: 900 }],
  };
  record('third', decideCertificates(of(), [more], at));
  const use = {
    use: factId('certificateuse', 'u'),
    factHash,
    certificate: first,
    reference: 'till',
  };
  record('use', as(decideUseCertificate(of(), use, at), 'used').events);
  const { use: used } = use;
  const back = { fact: factId('back', 'u'), factHash, use: used, reason: 'cancelled', graceMs: 0 };
  record('back', [as(decideGiveBack(of(), back, at), 'given-back').event]);
  record('over', decideCertificateExpiries(of(), later));
};

/** The decision of this kind, or the test is wrong. */
const as = <D extends { readonly kind: string }, K extends D['kind']>(
  decision: D,
  kind: K,
): Extract<D, { readonly kind: K }> => {
  const is = (made: D): made is Extract<D, { readonly kind: K }> => made.kind === kind;
  invariant(is(decision), `${kind}, not ${decision.kind}`);
  return decision;
};

/** Two accounts to which every type of event happens, by the domain's own deciders; in the end `bob` is part of `ann`. */
export const wholeLedger = (shop: Shop): void => {
  shop.publish();
  const [ann, bob] = [shop.open('ann'), shop.open('bob')];
  const of = (name: typeof ann): Account => shop.accountOf(name);
  const fact = (name: string): FactId => factId('test', program, name);
  const record = (name: typeof ann, id: FactId, ...events: LedgerEvent[]): void =>
    shop.record(name, id, events);

  const lot = {
    points: points(100),
    rule: 'opening',
    kind: 'base',
    availableAt: at,
    expiresAt: null,
    funder: 'chain',
    qualifies: false,
  } as const;
  for (const name of [ann, bob]) {
    const id = fact(`import-${name}`);
    const command = { fact: id, factHash, system: 'old', reference: name, lots: [lot], spend: {} };
    record(name, id, as(decideImport(of(name), command, at), 'imported').event);
  }
  const sold = shop.sell(ann, { number: '1', points: 100 });
  shop.refund(ann, shop.redeem(ann, 'r', 30));
  shop.giveBack(ann, '2', sold, '1');
  shop.sell(ann, { number: '3', points: 20, expiresAt: '2026-02-05T00:00:00Z' });
  const clock = { fact: fact('clock'), through: at };
  record(ann, clock.fact, as(decideExpiry(of(ann), clock), 'expired').event);

  const hold = (name: typeof ann, key: string, amount: number, until = lapsesAt): FactId => {
    const id = fact(key);
    const command = { hold: id, factHash, points: points(amount), lapsesAt: until };
    const terms = { ...command, kind: 'discount', reference: key };
    record(name, id, as(decideHold(of(name), terms, at), 'held').event);
    return id;
  };
  const capture = (key: string, held: FactId, amount: number, last: boolean): void => {
    const command = { fact: fact(key), factHash, hold: held, points: points(amount), last };
    record(ann, command.fact, ...as(decideCapture(of(ann), command, at), 'captured').events);
  };
  capture('capture-1', hold(ann, 'hold-1', 40), 30, true);
  const second = hold(ann, 'hold-2', 10);
  const release = { fact: fact('release'), factHash, hold: second };
  record(ann, release.fact, as(decideRelease(of(ann), release, at), 'released').event);
  const third = hold(ann, 'hold-3', 5);
  record(ann, third, ...decideLapses(of(ann), later));
  capture('capture-4', hold(ann, 'hold-4', 9, overAt), 4, false);
  hold(bob, 'hold-5', 7, overAt);

  const adjust = (name: typeof ann, key: string, change: Change): void => {
    const people = { reason: 'goodwill', requestedBy: 'eve', approvedBy: 'mallory' };
    const command = { fact: fact(key), factHash, ...people, change };
    record(name, command.fact, as(decideAdjust(of(name), command, at), 'adjusted').event);
  };
  const up = { availableAt: at, expiresAt: null, funder: 'chain' };
  adjust(ann, 'up', { kind: 'up', points: points(15), ...up });
  adjust(ann, 'down', { kind: 'down', points: points(6) });

  const transfer = {
    fact: fact('transfer'),
    factHash,
    to: bob,
    points: points(12),
    reason: 'gift',
  };
  const sent = as(decideTransferOut(of(ann), transfer, at), 'sent').event;
  record(ann, transfer.fact, sent);
  record(bob, transfer.fact, as(decideTransferIn(of(bob), sent.data, at), 'received').event);

  // Bob spends what he then returns, and owes it: a part is waived, a part paid in money, the rest moves with him.
  const tea = shop.sell(bob, { number: '4', points: 50 });
  const rest = [...of(bob).lots.values()].reduce((sum, { remaining }) => sum + remaining, 0);
  shop.redeem(bob, 'all', rest, '2026-02-10T11:00:00Z');
  shop.giveBack(bob, '5', tea, '2', '2026-02-10T12:00:00Z');
  adjust(bob, 'waive', { kind: 'waive-arrears', points: points(10) });
  const payment = { minor: 500, currency: 'GBP', reference: 'till 1' };
  adjust(bob, 'pay', { kind: 'arrears-paid-in-money', points: points(5), payment });
  shop.sell(bob, { number: '6', points: 3, at: '2026-02-10T13:00:00Z' });

  certificates(shop, bob);

  const keepFrom = instant('2026-01-01T00:00:00Z');
  const merge = { fact: fact('merge'), factHash, target: ann, reason: 'one household', keepFrom };
  const left = as(decideMergeOut(of(bob), merge, later), 'left').event;
  record(bob, merge.fact, left);
  record(ann, merge.fact, as(decideMergeIn(of(ann), left.data, later), 'absorbed').event);
  const close = { fact: fact('close'), factHash, through: later, keepFrom };
  record(ann, close.fact, as(decideClose(of(ann), close, later), 'closed').event);
  // This one lives longer by the next.
  const inactivity = { months: 12, timeZone: 'Europe/London' };
  const dates = { at: '2026-02-13T09:00:00Z', expiresAt: '2027-01-01T00:00:00Z', inactivity };
  shop.sell(ann, { number: '8', points: 1, ...dates });
  shop.sell(ann, { number: '7', points: 8, at: '2026-02-13T10:00:00Z' });
};
