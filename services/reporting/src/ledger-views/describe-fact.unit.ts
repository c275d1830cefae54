import { describe, expect, it } from '@jest/globals';
import { factId } from '@tallystick/kernel';
import { partnerFactId, receiptFactId } from '@tallystick/receipts';
import { describeFact } from './describe-fact.js';

describe("a fact's id in words", () => {
  it('a receipt is its number, day and store, whatever signs are in them', () => {
    const ref = {
      chain: 'a/b',
      store: 'North-1',
      till: '3',
      number: 'C 536/1',
      businessDate: '2010-12-01' as never,
    };
    expect(describeFact(receiptFactId('shop' as never, ref))).toBe(
      'Receipt C 536/1 of 2010-12-01, store North-1',
    );
  });
  it("a partner's event names the partner", () => {
    expect(describeFact(partnerFactId('shop' as never, 'fuel', 'e-1'))).toBe(
      'Event e-1 of partner fuel',
    );
  });
  it('what has no words is shown as it is', () => {
    expect(describeFact(factId('adjustment', 'x'))).toBe('adjustment/x');
    expect(describeFact('receipt/short')).toBe('receipt/short');
  });
});
