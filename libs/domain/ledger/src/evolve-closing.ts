import { Points, invariant } from '@tallystick/kernel';
import type { Account } from './account.js';
import { absorb, forget } from './carried.js';
import type { OpeningBalanceImported, PeriodClosed } from './events-closing.js';
import { firstOf, noteDay } from './history.js';
import { addSpend, count, payArrears, putIn, remember } from './lots.js';
import { heldOf, unspentOf } from './valuation.js';

export const imported = (account: Account, data: OpeningBalanceImported['data']): Account => {
  for (const lot of data.lots) putIn(account, lot, lot.points, lot.expiresAt);
  for (const [year, minor] of Object.entries(data.spend)) {
    addSpend(account, year, minor);
    noteDay(account, firstOf(year), { spendMinor: minor });
  }
  count(account, 'opening', data.points);
  payArrears(account, data.arrearsPaid);
  return remember(account, data);
};

/** The first event of a fold, or a later one: then what it carries is what the events before it have made. */
export const closed = (account: Account, data: PeriodClosed['data']): Account => {
  const there = Points.plus(unspentOf(account), heldOf(account));
  if (account.opened !== null) {
    const own = new Map<string, Points.Points>(Object.entries(account.totals));
    for (const [name, points] of Object.entries(data.totals))
      invariant(own.get(name) === points, `period ${data.fact} carries ${name} as it is`);
  }
  forget(account);
  account.factsApplied = 0;
  absorb(account, data.carried);
  invariant(
    account.opened === null || Points.plus(unspentOf(account), heldOf(account)) === there,
    `period ${data.fact} carries every point`,
  );
  account.opened = data.opened;
  account.absorbed.clear();
  for (const source of data.absorbed) account.absorbed.add(source);
  Object.assign(account.totals, data.totals);
  account.rememberedFrom = data.rememberedFrom;
  account.closed = { fact: data.fact, hash: data.factHash, through: data.through };
  return account;
};
