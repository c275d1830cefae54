import { describe, expect, it } from '@jest/globals';
import {
  accountId,
  addMs,
  factId,
  localDate,
  type AccountId,
  type Instant,
} from '@tallystick/kernel';
import {
  apply,
  certificate,
  gaveBack,
  points,
  review,
  tea,
  terms,
  until,
  use,
  used,
} from '../fixtures/certificates.js';
import {
  account,
  at,
  comeBack,
  given,
  givenAs,
  hour,
  leave,
  opened,
  sale,
  takeOver,
} from '../fixtures/facts.js';
import {
  carry,
  certificateFact,
  certificatePostings,
  decideCertificateExpiries,
  decideCertificates,
  decideReceipt,
  emptyAccount,
  outstandingCertificates,
  type Account,
  type CertificateTerms,
  type LedgerEvent,
} from './index.js';

const other = accountId('b-1');
const euros: CertificateTerms = { ...terms, rule: 'euros', currency: 'EUR' };
const posted = (of: AccountId, events: readonly LedgerEvent[]) =>
  events.flatMap((event) => certificatePostings(of, event));
const pair = (from: string, to: string, minor: number, currency = 'GBP') => [
  { account: from, currency, minor: -minor },
  { account: to, currency, minor },
];
const member = `certificates/member/${account}`;
/** Three teas for thirty pounds on the first day, and the certificate of them. */
const rich = (id = account): Account => {
  const { state } = givenAs(id, sale(1, [{ product: 'tea', quantity: '3', points: 30 }]));
  review(state);
  return state;
};
const backWith = (state: Account, quantity: string): void => {
  decideReceipt(state, comeBack(2, [{ product: 'tea', quantity }]), at(19));
};
const merged = (source: Account, target: Account): readonly LedgerEvent[] => {
  const left = leave(source, target, 25);
  if (left.kind !== 'left') throw new Error(left.kind);
  const came = takeOver(target, left.event.data);
  if (came.kind !== 'absorbed') throw new Error(came.kind);
  return [left.event, came.event];
};

describe('the books of certificates', () => {
  it('move what a correction changes, up or down, and nothing else', () => {
    const state = rich();
    backWith(state, '1');
    expect(posted(account, review(state, at(20)))).toEqual(
      pair('certificates/issued/chain', member, -400),
    );
    decideReceipt(state, sale(3, [{ product: 'tea', points: 10 }]), at(21));
    expect(posted(account, review(state, at(21)))).toEqual(
      pair('certificates/issued/chain', member, 400),
    );
    expect([...outstandingCertificates(state)]).toEqual([['GBP', 500]]);
  });

  it('take back what is given back, and write off what expires', () => {
    const state = rich();
    expect(posted(account, used(state))).toEqual(pair(member, 'certificates/used', 500));
    expect([...outstandingCertificates(state)]).toEqual([]);
    expect(posted(account, [gaveBack(state, 1)])).toEqual(pair('certificates/used', member, 500));
    expect([...outstandingCertificates(state)]).toEqual([['GBP', 500]]);
    const expired = apply(state, decideCertificateExpiries(state, until));
    expect(posted(account, expired)).toEqual(pair(member, 'certificates/expired', 500));
    expect([...outstandingCertificates(state)]).toEqual([]);
  });

  it('keep currencies apart, and move all that is outstanding when accounts merge', () => {
    const [source, target] = [rich(other), rich()];
    review(source, at(14), [points, euros]);
    expect([...outstandingCertificates(source)]).toEqual([
      ['GBP', 1_200],
      ['EUR', 500],
    ]);
    const [left, came] = merged(source, target);
    const way = 'certificates/transferred';
    const theirs = `certificates/member/${other}`;
    expect(left && posted(other, [left])).toEqual([
      ...pair(theirs, way, 500, 'EUR'),
      ...pair(theirs, way, 1_200),
    ]);
    expect(came && posted(account, [came])).toEqual([
      ...pair(way, member, 500, 'EUR'),
      ...pair(way, member, 1_200),
    ]);
    expect([...outstandingCertificates(target)].sort()).toEqual([
      ['EUR', 500],
      ['GBP', 1_700],
    ]);
    expect(outstandingCertificates(source).size).toBe(0);
  });

  it('know nothing of points, nor of certificates that are used, withdrawn or expired', () => {
    const { events } = given(tea, comeBack(2, [{ product: 'tea' }]));
    expect(posted(account, events)).toEqual([]);
    const source = rich(other);
    backWith(source, '3');
    review(source, at(20));
    expect(outstandingCertificates(source).size).toBe(0);
    expect(posted(other, merged(source, opened()))).toEqual([]);
  });
});

describe('what a period comes to', () => {
  const days = (first: string, last: string): CertificateTerms => ({
    ...terms,
    period: { kind: 'month', first: localDate(first), last: localDate(last) },
  });
  const sold = (number: number, hours: number, points: number) =>
    sale(number, [{ product: 'tea', points }], {
      ...{ occurredAt: at(hours) },
      day: localDate(`2026-01-0${1 + Math.floor(hours / 24)}`),
    });
  const reached = (of: CertificateTerms): number | undefined => {
    const { state } = given(sold(1, 0, 10), sold(2, 24, 11), sold(3, 48, 12));
    const [event] = decideCertificates(state, [of], at(100));
    return event?.type === 'CertificateIssued' ? event.data.reached : undefined;
  };

  it('is what its days have, the first and the last among them', () => {
    expect(reached(days('2026-01-01', '2026-01-03'))).toBe(3_300);
    expect(reached(days('2026-01-02', '2026-01-02'))).toBe(1_100);
    expect(reached(days('2026-01-02', '2026-01-03'))).toBe(2_300);
    expect(reached(days('2026-01-04', '2026-01-31'))).toBeUndefined();
  });

  it('is looked at for each rule by itself', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 40 }]));
    const all = review(state, at(14), [terms, points, euros]);
    expect(all.map(({ data }) => data)).toMatchObject([
      { rule: 'gift', valueMinor: 500, from: '30', currency: 'GBP' },
      { rule: 'points', valueMinor: 700, from: '10', reached: 40 },
      { rule: 'euros', valueMinor: 500, currency: 'EUR' },
    ]);
    const soon = { ...terms, rule: 'soon', endsAt: at(15) };
    expect(review(state, at(14), [soon, terms])).toEqual([]);
    expect(review(state, at(15), [soon])).toHaveLength(1);
  });

  it('gives nothing to an account that is not there, or has gone', () => {
    expect(decideCertificates(emptyAccount(), [terms], at(14))).toEqual([]);
    const { state } = givenAs(other, tea);
    merged(state, opened());
    expect(decideCertificates(state, [terms], at(26))).toEqual([]);
    expect(() => certificateFact(emptyAccount(), 'gift', terms.period)).toThrow('that is open');
  });

  it('changes a certificate no more once it is over, nor one in another currency', () => {
    const state = rich();
    backWith(state, '1');
    const inEuros = { ...terms, currency: 'EUR' };
    expect(decideCertificates(state, [inEuros], at(20))).toEqual([]);
    expect(decideCertificates(state, [terms], addMs(until, -1))).toHaveLength(1);
    expect(decideCertificates(state, [terms], until)).toEqual([]);
  });

  it('changes neither of two that merged accounts have of it', () => {
    const target = rich();
    merged(rich(other), target);
    expect(target.certificates.size).toBe(2);
    backWith(target, '6');
    expect(decideCertificates(target, [terms], at(30))).toEqual([]);
    // One of each period alone still follows.
    const next = { ...terms, period: { ...terms.period, first: localDate('2026-01-02') } };
    expect(decideCertificates(target, [next], at(30))).toEqual([]);
    expect(use(target, 1, at(31), { terms })).toMatchObject({
      kind: 'used',
      events: [{ type: 'CertificateUsed', data: { valueMinor: 500 } }],
    });
  });
});

describe('certificates that go on', () => {
  const namesKept = (state: Account, keepFrom: Instant) =>
    (carry(state, keepFrom).certificates ?? []).map(({ rule }) => rule);

  it('are those on the books, and others for as long as they may be asked for', () => {
    const state = rich();
    expect(namesKept(state, addMs(until, 365 * 24 * hour))).toEqual(['gift']);
    used(state, 1, at(20));
    expect(namesKept(state, until)).toEqual(['gift']);
    expect(namesKept(state, addMs(until, 1))).toEqual([]);
  });

  it('are those, too, that were used after their own date, for a grace', () => {
    const state = rich();
    used(state);
    gaveBack(state, 1, { when: until, graceHours: 2 });
    const late = addMs(until, hour);
    used(state, 2, late);
    expect(namesKept(state, addMs(until, 2 * hour))).toEqual(['gift']);
    expect(namesKept(state, addMs(until, 2 * hour + 1))).toEqual([]);
  });

  it('expire one by one, the soonest first, then by name', () => {
    const state = rich();
    review(state, at(14), [
      { ...points, validUntil: addMs(until, -hour) },
      { ...terms, rule: 'alike' },
      { ...euros, validUntil: addMs(until, -2 * hour) },
    ]);
    const over = decideCertificateExpiries(state, until).map(
      ({ data }) => state.certificates.get(data.certificate)?.rule,
    );
    expect(over).toEqual(['euros', 'points', 'alike', 'gift']);
    const sooner = decideCertificateExpiries(state, addMs(until, -hour));
    expect(sooner.map(({ data }) => data)).toEqual([
      {
        certificate: factId('certificate', 'club', 'a-1', 'euros', '2026-01-01'),
        ...{ occurredAt: addMs(until, -2 * hour), valueMinor: 500, currency: 'EUR' },
      },
      {
        certificate: factId('certificate', 'club', 'a-1', 'points', '2026-01-01'),
        ...{ occurredAt: addMs(until, -hour), valueMinor: 700, currency: 'GBP' },
      },
    ]);
    expect(certificate).toBe(factId('certificate', 'club', 'a-1', 'gift', '2026-01-01'));
  });

  it('are carried in the order of their names', () => {
    const state = rich();
    review(state, at(14), [{ ...terms, rule: 'a' }, points, { ...terms, rule: 'b' }]);
    expect(namesKept(state, at(0))).toEqual(['a', 'b', 'gift', 'points']);
  });
});
