import { expect, it } from '@jest/globals';
import { AccountCache, Accounts, successorOf } from '@tallystick/accounts';
import { accountId } from '@tallystick/kernel';
import { now, openTill, tea } from '../testing/settling.js';
import { storeInMemory } from '../testing/store-in-memory.js';

/** Who has what in the end; the correction shows a card of ann, bob or cyd, or none. */
const due = { ann: [7, 0], bob: [7, 0], cyd: [0, 7], none: [0, 0] } as const;

it.each(
  (['ann', 'bob', 'cyd', 'none'] as const).flatMap((card) =>
    [0, 1, 2, 3, 4].map((streams) => [card, streams] as const),
  ),
)(
  'a correction with the card of %s counts a sale once, killed after %i streams while the merge of its account is half done',
  async (card, streams) => {
    const memory = storeInMemory();
    const till = await openTill(memory.store);
    for (const name of ['ann', 'bob', 'cyd']) await till.open(name);
    await till.settle(till.receipt(1, 'bob', [tea(1, 10)]));
    await till.leave('bob', 'ann');
    const shown = card === 'none' ? null : card;
    const correction = till.receipt(1, shown, [tea(1, 7)], { revision: 2 });
    memory.dieAfter(streams);
    await till
      .another()
      .settle(correction)
      .catch(() => undefined);
    memory.revive();
    await till.another().settle(correction);
    const { store } = memory;
    const accounts = new Accounts({ store, clock: () => now, cache: new AccountCache() });
    await successorOf({ store, accounts }, till.program, accountId('bob'));
    await till.another().settle(correction);
    expect([await till.points('ann'), await till.points('cyd')]).toEqual(due[card]);
  },
);
