import { describe, expect, it } from '@jest/globals';
import { accountId, addMs, factId } from '@tallystick/kernel';
import {
  apply,
  certificate,
  gaveBack,
  giveBack,
  points,
  review,
  tea,
  terms,
  until,
  use,
  used,
  useOf,
} from '../fixtures/certificates.js';
import { at, comeBack, given, hour, leave, opened, sale } from '../fixtures/facts.js';
import {
  certificateStatus,
  decideCertificateExpiries,
  decideReceipt,
  emptyAccount,
  evolve,
  type Account,
} from './index.js';

/** An account with the certificate of its first day. */
const rich = (): Account => {
  const { state } = given(tea);
  review(state);
  return state;
};
const only = (state: Account) => {
  const one = state.certificates.get(certificate);
  if (one === undefined) throw new Error('it has its certificate');
  return one;
};

describe('a certificate that pays', () => {
  it('is used once and whole, by the first who asks', () => {
    const state = rich();
    const data = { certificate, factHash: 'h', reference: 'till', valueMinor: 100 };
    expect(used(state)).toEqual([
      {
        type: 'CertificateUsed',
        data: { ...data, use: useOf(1), occurredAt: at(20), currency: 'GBP' },
      },
    ]);
    expect(certificateStatus(only(state), at(21))).toBe('used');
    expect(certificateStatus(only(state), until)).toBe('used');
    expect(only(state).uses).toEqual([
      { use: useOf(1), hash: 'h', at: at(20), reference: 'till', back: null },
    ]);
    expect(use(state, 2)).toEqual({ kind: 'not-usable', status: 'used' });
    expect(decideCertificateExpiries(state, until)).toEqual([]);
  });

  it('tells the same use from another one under its name', () => {
    const state = rich();
    used(state);
    expect(use(state)).toEqual({ kind: 'known' });
    expect(use(state, 1, at(20), { factHash: 'other' })).toEqual({ kind: 'conflict' });
    // Also after it came back, and whatever certificate is named.
    gaveBack(state, 1);
    expect(use(state, 1, at(40), { certificate: factId('certificate', 'x') }).kind).toBe('known');
  });

  it('is one that the account has', () => {
    const unknown = { certificate: factId('certificate', 'none') };
    expect(use(rich(), 1, at(20), unknown)).toEqual({ kind: 'unknown-certificate' });
    expect(use(emptyAccount())).toEqual({ kind: 'unopened' });
    const state = rich();
    const left = leave(state, opened(accountId('b-1')), 20);
    expect(left.kind).toBe('left');
    expect(use(state)).toMatchObject({ kind: 'merged' });
    expect(giveBack(state, 1)).toMatchObject({ kind: 'merged' });
    expect(giveBack(emptyAccount(), 1)).toEqual({ kind: 'unopened' });
  });

  it('is worth what its period comes to at that moment, where its rule is told', () => {
    const of = (sold: number, returned: number) => {
      const lines = [{ product: 'tea', quantity: String(sold), points: sold * 10 }];
      const { state } = given(sale(1, lines));
      review(state);
      const back = comeBack(2, [{ product: 'tea', quantity: String(returned) }]);
      if (returned > 0) decideReceipt(state, back, at(19));
      return state;
    };
    expect(use(of(3, 1), 1, at(20), { terms })).toMatchObject({
      kind: 'used',
      events: [
        { type: 'CertificateCorrected', data: { beforeMinor: 500, valueMinor: 100 } },
        { type: 'CertificateUsed', data: { valueMinor: 100, currency: 'GBP' } },
      ],
    });
    expect(use(of(3, 1))).toMatchObject({ events: [{ data: { valueMinor: 500 } }] });
    expect(use(of(3, 0), 1, at(20), { terms })).toMatchObject({
      events: [{ type: 'CertificateUsed', data: { valueMinor: 500 } }],
    });
    expect(use(of(1, 1), 1, at(20), { terms })).toEqual({
      kind: 'not-usable',
      status: 'withdrawn',
    });
  });
});

describe('a use that is cancelled', () => {
  it('gives the certificate back, with its own date, to be used again', () => {
    const state = rich();
    used(state);
    const event = gaveBack(state, 1);
    expect(event).toEqual({
      type: 'CertificateGivenBack',
      data: {
        ...{ fact: factId('back', '1'), factHash: 'h', use: useOf(1), certificate },
        ...{ occurredAt: at(30), valueMinor: 100, currency: 'GBP', validUntil: until },
        reason: 'cancelled',
      },
    });
    expect(certificateStatus(only(state), at(31))).toBe('open');
    used(state, 2, at(40));
    expect(only(state).uses).toEqual([
      {
        ...{ use: useOf(1), hash: 'h', at: at(20), reference: 'till' },
        back: { fact: factId('back', '1'), hash: 'h' },
      },
      { use: useOf(2), hash: 'h', at: at(40), reference: 'till', back: null },
    ]);
    expect(use(state, 3, at(41))).toEqual({ kind: 'not-usable', status: 'used' });
  });

  it('is given back once', () => {
    const state = rich();
    used(state);
    expect(giveBack(state, 1, { of: 7 })).toEqual({ kind: 'unknown-use' });
    gaveBack(state, 1);
    expect(giveBack(state, 1)).toEqual({ kind: 'known' });
    expect(giveBack(state, 1, { factHash: 'other' })).toEqual({ kind: 'conflict' });
    expect(giveBack(state, 2)).toEqual({ kind: 'already-given-back', by: factId('back', '1') });
    // The next use is another one, and the first stays given back.
    used(state, 2, at(40));
    expect(giveBack(state, 3, { of: 2 }).kind).toBe('given-back');
    expect(giveBack(state, 3)).toEqual({ kind: 'already-given-back', by: factId('back', '1') });
  });

  it.each([
    ['before its date: the grace does not shorten or prolong it', -1, 48, 0],
    ['at its date: it lives for the grace', 0, 48, 48],
    ['after its date: it lives for the grace', 5, 48, 53],
    ['after its date, without a grace: it is over at once', 5, 0, 5],
  ])('%s', (_, hoursAfter, graceHours, livesHours) => {
    const state = rich();
    used(state);
    const when = addMs(until, hoursAfter * hour);
    expect(gaveBack(state, 1, { when, graceHours })).toMatchObject({
      data: { occurredAt: when, validUntil: addMs(until, livesHours * hour) },
    });
    expect(only(state).validUntil).toBe(addMs(until, livesHours * hour));
  });

  it('is posted as expired for its new date', () => {
    const state = rich();
    used(state);
    gaveBack(state, 1, { when: addMs(until, hour), graceHours: 10 });
    const over = addMs(until, 11 * hour);
    expect(decideCertificateExpiries(state, addMs(over, -1))).toEqual([]);
    expect(apply(state, decideCertificateExpiries(state, over))).toMatchObject([
      { data: { occurredAt: over, valueMinor: 100, currency: 'GBP', certificate } },
    ]);
    expect(certificateStatus(only(state), at(0))).toBe('expired');
    expect(use(state, 2, at(21))).toEqual({ kind: 'not-usable', status: 'expired' });
  });
});

describe('what never happens to a certificate', () => {
  const [issued] = review(given(tea).state);
  const event = (type: 'used' | 'back' | 'expired') => {
    const state = rich();
    if (type === 'expired') return decideCertificateExpiries(state, until);
    const first = used(state);
    return type === 'used' ? first : [gaveBack(state, 1)];
  };

  it('is that it is issued twice, or used, given back or expired when it cannot be', () => {
    const again = (state: Account, events: readonly Parameters<typeof evolve>[1][]) => () => {
      for (const one of events) evolve(state, one);
    };
    if (issued === undefined) throw new Error('it is issued');
    expect(again(rich(), [issued])).toThrow('is issued once');
    expect(again(opened(), event('used'))).toThrow(`certificate ${certificate} is known`);
    const spent = rich();
    used(spent);
    expect(again(spent, event('used'))).toThrow('is used once');
    expect(again(spent, event('expired'))).toThrow('expires once, unused');
    expect(again(rich(), event('back'))).toThrow(`is used for ${useOf(1)}`);
    const over = rich();
    apply(over, decideCertificateExpiries(over, until));
    expect(again(over, event('expired'))).toThrow('expires once, unused');
    expect(again(over, event('used'))).toThrow('is used once');
  });

  it('is that it is corrected from another value, when it is used or when it is over', () => {
    const { state: sold } = given(sale(1, [{ product: 'tea', quantity: '3', points: 30 }]));
    review(sold);
    decideReceipt(sold, comeBack(2, [{ product: 'tea', quantity: '1' }]), at(19));
    const [corrected] = review(structuredClone(sold), at(20));
    if (corrected?.type !== 'CertificateCorrected') throw new Error('it is corrected');
    const wrong = () => evolve(rich(), corrected);
    expect(wrong).toThrow('is corrected as it is');
    used(sold);
    expect(review(sold, at(21))).toEqual([]);
    expect(() => evolve(sold, corrected)).toThrow('is corrected as it is');
    gaveBack(sold, 1);
    apply(sold, decideCertificateExpiries(sold, until));
    expect(review(sold, at(22))).toEqual([]);
    expect(() => evolve(sold, corrected)).toThrow('is corrected as it is');
    expect(review(given(tea).state, at(14), [points])).toHaveLength(1);
  });
});
