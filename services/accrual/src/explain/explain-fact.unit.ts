import { expect, it } from '@jest/globals';
import { openTill, tea } from '../testing/settling.js';
import { storeInMemory } from '../testing/store-in-memory.js';
import { explainFact } from './explain-fact.js';

it('a corrected return tells what it gives back, and of which sale', async () => {
  const till = await openTill(storeInMemory().store);
  await till.open('ann');
  const sale = till.receipt(1, 'ann', [tea(1, 10, undefined, { quantity: '10' })]);
  const back = till.receipt(2, 'ann', [tea(1, -4, 1, { quantity: '-4' })]);
  const less = till.receipt(2, 'ann', [tea(1, -1, 1, { quantity: '-1' })], { revision: 2 });
  for (const arrival of [sale, back, less]) await till.settle(arrival);
  expect(await explainFact(till.memory, back.fact.id)).toMatchObject({
    outcome: 'awarded',
    awards: [{ points: 4, givenBack: [{ receipt: sale.fact.id, points: 4 }], proven: true }],
  });
  expect(await explainFact(till.memory, sale.fact.id)).toMatchObject({
    awards: [{ points: 10, givenBack: [] }],
  });
});
