import { invariant, Points } from '@tallystick/kernel';
import type { Account } from './account.js';
import type { EarningRerated } from './events-rerating.js';
import { dayOf, noteCounters, noteDay } from './history.js';
import { prolong } from './inactivity.js';
import { addSpend, count, lotStateOf, payArrears, putIn, takeOut } from './lots.js';
import { reratedLines } from './rerated-lines.js';

/** The fact is from now on as the corrected version rates it; its revision, day and place among the facts stay. */
export const rerated = (account: Account, data: EarningRerated['data']): Account => {
  const fact = account.facts.get(data.fact);
  invariant(fact !== undefined, `fact ${data.fact} is known to the account`);
  let [points, spendMinor] = [0, 0];
  for (const line of fact.lines) spendMinor -= line.spendMinor - line.spendReversedMinor;
  for (const { lot: id, points: held } of data.replaced) {
    const { lot } = lotStateOf(account, id);
    noteCounters(account, lot, -held);
    if (lot.qualifies) points -= held;
  }
  for (const lot of data.lots) {
    putIn(account, lot, lot.points, lot.expiresAt);
    noteCounters(account, lot, lot.points);
    if (lot.qualifies) points += lot.points;
  }
  prolong(account, data.occurredAt);
  for (const allocation of data.taken) takeOut(account, allocation);
  fact.lots = data.order;
  fact.lines = reratedLines(fact, data.lines);
  fact.rulebook = data.rulebook.version;
  fact.rerated = [...(fact.rerated ?? []), data.run];
  for (const line of fact.lines) spendMinor += line.spendMinor - line.spendReversedMinor;
  if (spendMinor !== 0) addSpend(account, fact.spendYear, spendMinor);
  noteDay(account, dayOf(fact), { spendMinor, points });
  count(account, data.points < 0 ? 'reversed' : 'earned', Points.points(Math.abs(data.points)));
  count(account, 'arrearsRaised', data.arrearsRaised);
  payArrears(account, data.arrearsPaid);
  return account;
};
