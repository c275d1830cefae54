import { z } from 'zod';
import { table, whole } from '../output/table.js';

export const balanceAnswer = z.looseObject({
  program: z.string(),
  account: z.string(),
  successor: z.string().nullish(),
  asOf: z.string(),
  unspent: z.int(),
  pending: z.int(),
  available: z.int(),
  lapsed: z.int(),
  held: z.int(),
  arrears: z.int(),
  nextExpiry: z.looseObject({ at: z.string(), points: z.int() }).nullish(),
});
export type Balance = z.output<typeof balanceAnswer>;

/** A balance for a person. `arrearsPolicy`: how what is owed is paid, null where that is not known. */
export const balanceTable = (balance: Balance, arrearsPolicy: string | null): string =>
  table(
    [
      ['account', balance.account],
      ['available', whole(balance.available)],
      ['pending', whole(balance.pending)],
      ...(balance.lapsed > 0 ? [['lapsed, not spendable', whole(balance.lapsed)]] : []),
      ...(balance.held > 0 ? [['held', whole(balance.held)]] : []),
      ...(balance.arrears > 0 ? [[owed(arrearsPolicy), whole(balance.arrears)]] : []),
      ...(balance.nextExpiry === null || balance.nextExpiry === undefined
        ? []
        : [[`lapse at ${momentOf(balance.nextExpiry.at)}`, whole(balance.nextExpiry.points)]]),
    ],
    ['left', 'right'],
  );

/** What is true of what is owed, under each policy of a rulebook. */
const ways: Readonly<Record<string, string>> = {
  'next-awards': 'the next points pay it',
  waived: 'from before; points do not pay it, waive it or take money for it',
  'paid-in-money': 'to be paid in money',
};

const owed = (arrearsPolicy: string | null): string => {
  const way = ways[arrearsPolicy ?? ''];
  return way === undefined ? 'owed' : `owed: ${way}`;
};

/** `2027-08-31 23:00 UTC`: a programme's day seldom ends at midnight UTC, so the day alone would mislead. */
export const momentOf = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
