import { describe, expect, it } from '@jest/globals';
import { mayTell, outcomeIn } from './outcomes.js';

const fact = 'partnerevent/p/fly/e1';

describe('what became of a partner event', () => {
  it('is told by the ledger: points, or none and why', () => {
    const data = { fact, points: 30, reason: null };
    expect(outcomeIn({ type: 'PointsEarned', data })).toEqual({
      fact,
      status: 'awarded',
      points: 30,
      reason: null,
    });
    expect(
      outcomeIn({ type: 'PointsEarned', data: { fact, points: 0, reason: 'no-rule' } }),
    ).toMatchObject({ status: 'nothing', reason: 'no-rule' });
  });

  it('is told by accrual: it waits, or goes nowhere', () => {
    expect(outcomeIn({ type: 'FactParked', data: { fact } })?.status).toBe('waiting');
    expect(outcomeIn({ type: 'PartnerEventRegistered', data: { fact, pin: null } })?.status).toBe(
      'waiting',
    );
    const pin = { nothing: 'no-rulebook', parts: [] };
    expect(outcomeIn({ type: 'PartnerEventRegistered', data: { fact, pin } })).toMatchObject({
      status: 'nothing',
      reason: 'no-rulebook',
    });
    expect(outcomeIn({ type: 'FactPinned', data: { fact, pin } })?.status).toBe('nothing');
  });

  it('is not told before the ledger says so, when it is only pinned', () => {
    const data = { fact, pin: { nothing: null, parts: [] } };
    expect(outcomeIn({ type: 'PartnerEventRegistered', data })).toBeUndefined();
  });

  it('is not told by what is about receipts, or says something else', () => {
    const receipt = { fact: 'receipt/acme/1/1/1/2026-01-01', points: 5, reason: null };
    expect(outcomeIn({ type: 'PointsEarned', data: receipt })).toBeUndefined();
    expect(outcomeIn({ type: 'FactClaimed', data: { fact } })).toBeUndefined();
    expect(mayTell(JSON.stringify(receipt))).toBe(false);
    expect(mayTell(JSON.stringify({ fact }))).toBe(true);
  });

  it('is not guessed from a malformed event', () => {
    expect(() => outcomeIn({ type: 'PointsEarned', data: { fact, points: '30' } })).toThrow();
    expect(() => outcomeIn({ type: 'FactPinned', data: { fact, pin: {} } })).toThrow();
  });
});
