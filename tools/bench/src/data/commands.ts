import { recording, type Command } from '@tallystick/accounts';
import { addMs, factId, Points, type Clock } from '@tallystick/kernel';
import { decideReceipt, decideRedeem, type RatedFact } from '@tallystick/ledger';
import { firstSale } from './earn.js';
import { metadataOf } from './events.js';

/** Long after every sale of the benchmarks, and before a lot lapses. */
export const clock: Clock = () => addMs(firstSale, 300 * 86_400_000);

/** One receipt for one account, decided by the ledger. Answers what the account has earned then. */
export const earn = (receipt: RatedFact): Command<number> => ({
  decide: (account, at) => {
    const decision = decideReceipt(account, receipt, at);
    if (decision.kind !== 'applied') throw new Error(`a receipt that is ${decision.kind}`);
    return {
      kind: 'write',
      folded: true,
      events: decision.events.map((event, ordinal) =>
        recording(receipt.fact, ordinal, event, metadataOf(receipt.occurredAt)),
      ),
      answer: ({ totals: { earned } }) => {
        const then = earned;
        return () => then;
      },
    };
  },
});

/** One point of an account, under a name of its own. Answers whether it was there. */
export const redeemOne = (name: string): Command<boolean> => {
  const redemption = factId('redemption', 'bench', name);
  return {
    decide: (account, at) => {
      const decision = decideRedeem(
        account,
        {
          redemption,
          factHash: name,
          points: Points.points(1),
          kind: 'discount',
          reference: name,
        },
        at,
      );
      if (decision.kind === 'insufficient') return { kind: 'answer', answer: () => false };
      if (decision.kind !== 'redeemed') throw new Error(`a redemption that is ${decision.kind}`);
      return {
        kind: 'write',
        events: [recording(redemption, 0, decision.event, metadataOf(at))],
        answer: () => () => true,
      };
    },
  };
};
