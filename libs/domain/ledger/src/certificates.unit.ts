import { describe, expect, it } from '@jest/globals';
import { addMs, factId } from '@tallystick/kernel';
import {
  apply,
  certificate,
  points,
  review,
  tea,
  terms,
  until,
  use,
} from '../fixtures/certificates.js';
import { account, at, comeBack, given, sale } from '../fixtures/facts.js';
import { decodeLedgerEvent as decodeThen } from '../fixtures/release-1/decode-ledger-event.js';
import { storedOf } from '../fixtures/stored.js';
import {
  certificatePostings,
  certificateStatus,
  decideCertificateExpiries,
  decideClose,
  decideGiveBack,
  decideReceipt,
  nextDue,
  schemaVersionOf,
} from './index.js';

describe('a certificate', () => {
  it('is for exactly the step that is reached, and not before its period is over', () => {
    const { state } = given(tea);
    expect(review(state, addMs(at(14), -1))).toEqual([]);
    expect(review(state)).toEqual([
      {
        type: 'CertificateIssued',
        data: {
          ...{ fact: certificate, occurredAt: at(14), rule: 'gift', by: 'spend', reached: 1_000 },
          ...{ period: terms.period, rulebook: terms.rulebook, from: '10', valueMinor: 100 },
          ...{ currency: 'GBP', validUntil: until, funder: 'chain' },
        },
      },
    ]);
    expect(review(state)).toEqual([]);
    expect(nextDue(state)).toBe(until);
    expect(review(given(sale(1, [{ product: 'tea', points: 9 }])).state)).toEqual([]);
    expect(review(given(tea).state, until)).toEqual([]);
  });

  it('counts points where its rule does', () => {
    const { state } = given(tea);
    const [event] = review(state, at(14), [points]);
    expect(event).toMatchObject({ data: { by: 'points', reached: 10, valueMinor: 700 } });
  });

  it('says what changed when what came back leaves less, and is withdrawn when that is nothing', () => {
    const { state } = given(sale(1, [{ product: 'tea', quantity: '3', points: 30 }]));
    review(state);
    const back = (number: number): void => {
      const { kind } = decideReceipt(state, comeBack(number, [{ product: 'tea' }]), at(20));
      expect(kind).toBe('applied');
    };
    back(2);
    expect(review(state, at(21))).toMatchObject([
      { type: 'CertificateCorrected', data: { beforeMinor: 500, valueMinor: 100, from: '10' } },
    ]);
    back(3);
    expect(review(state, at(22))).toEqual([]);
    back(4);
    expect(review(state, at(23))).toMatchObject([
      { data: { beforeMinor: 100, valueMinor: 0, from: null, reached: 0 } },
    ]);
    expect(use(state)).toEqual({ kind: 'not-usable', status: 'withdrawn' });
    const [gone] = [...state.certificates.values()];
    expect(gone).toMatchObject({ corrections: 2 });
    expect(gone && certificateStatus(gone, until)).toBe('withdrawn');
    expect(nextDue(state)).toBeNull();
  });

  it('is over at its instant, not a moment earlier, and posted for that one', () => {
    const { state } = given(tea);
    review(state);
    const [one] = [...state.certificates.values()];
    expect(one && certificateStatus(one, addMs(until, -1))).toBe('open');
    expect(one && certificateStatus(one, until)).toBe('expired');
    expect(use(state, 1, until)).toEqual({ kind: 'not-usable', status: 'expired' });
    expect(decideCertificateExpiries(state, addMs(until, -1))).toEqual([]);
    const [over] = apply(state, decideCertificateExpiries(state, addMs(until, 99)));
    expect(over).toMatchObject({ data: { occurredAt: until, valueMinor: 100 } });
    expect(decideCertificateExpiries(state, addMs(until, 99))).toEqual([]);
  });

  it('moves money alone: its postings balance, and points have none', () => {
    const { state } = given(tea);
    const issued = review(state);
    const used = use(state);
    if (used.kind !== 'used') throw new Error(used.kind);
    expect(
      [...issued, ...used.events].flatMap((event) => certificatePostings(account, event)),
    ).toEqual([
      { account: 'certificates/issued/chain', currency: 'GBP', minor: -100 },
      { account: `certificates/member/${account}`, currency: 'GBP', minor: 100 },
      { account: `certificates/member/${account}`, currency: 'GBP', minor: -100 },
      { account: 'certificates/used', currency: 'GBP', minor: 100 },
    ]);
  });

  it('is left behind by a closed period once it is over and old, and is not given again', () => {
    const { state } = given(tea);
    review(state);
    apply(state, decideCertificateExpiries(state, until));
    const close = (number: string, keepFrom: typeof until, through: typeof until) => {
      const fact = factId('closing', number);
      const decision = decideClose(state, { fact, factHash: number, through, keepFrom }, through);
      if (decision.kind !== 'closed') throw new Error(decision.kind);
      apply(state, [decision.event]);
      return decision.event;
    };
    expect(schemaVersionOf(close('1', until, until))).toBe(4);
    expect([...state.certificates.keys()]).toEqual([certificate]);
    const later = addMs(until, 1);
    expect(schemaVersionOf(close('2', later, later))).toBe(1);
    expect([...state.certificates.keys()]).toEqual([]);
    expect(review(state, later)).toEqual([]);
    const back = { fact: factId('b', '1'), factHash: 'h', use: factId('use', '1'), reason: 'x' };
    expect(decideGiveBack(state, { ...back, graceMs: 0 }, later).kind).toBe('unknown-use');
  });

  it('is refused by an older release, whatever happens to it', () => {
    const { state } = given(tea);
    const events = [...review(state)];
    const used = use(state);
    if (used.kind !== 'used') throw new Error(used.kind);
    for (const event of [...events, ...used.events])
      for (const stored of storedOf(event))
        expect(() => decodeThen(stored)).toThrow('does not understand');
  });
});
