import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

/** Whose points: an account, or the account that a card leads to. */
export interface AccountOptions {
  readonly program: string;
  readonly account?: string;
  readonly card?: string;
  readonly json?: boolean;
}

export interface StatementOptions extends AccountOptions {
  /** The newest so many entries. */
  readonly limit: number;
}

const cardAnswer = z.looseObject({ account: z.string() });
const balanceAnswer = z.looseObject({
  program: z.string(),
  account: z.string(),
  asOf: z.string(),
  unspent: z.int(),
  pending: z.int(),
  available: z.int(),
  lapsed: z.int(),
  held: z.int(),
  arrears: z.int(),
  nextExpiry: z.looseObject({ at: z.string(), points: z.int() }).nullish(),
});
type Balance = z.output<typeof balanceAnswer>;
const entry = z.looseObject({ at: z.string(), points: z.int(), reason: z.string() });
type Entry = z.output<typeof entry>;
const statementAnswer = z.looseObject({ entries: z.array(entry), next: z.string().nullable() });

const pageMax = 200;

/** `tally balance`: what an account has now. */
export const showBalance = (run: Run, options: AccountOptions): Promise<ExitCode> =>
  withAccount(run, options, async (client, account) => {
    const answer = await client.call({
      service: 'reporting',
      method: 'GET',
      path: accountPath(options.program, account),
      answer: balanceAnswer,
    });
    if (!answer.ok) throw failureOf('the balance cannot be read', answer.error);
    const balance = answer.value.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(balance, null, 2) : balanceTable(balance),
    );
  });

const balanceTable = (balance: Balance): string =>
  table(
    [
      ['account', balance.account],
      ['available', whole(balance.available)],
      ['pending', whole(balance.pending)],
      ...(balance.lapsed > 0 ? [['lapsed, not spendable', whole(balance.lapsed)]] : []),
      ...(balance.held > 0 ? [['held', whole(balance.held)]] : []),
      ...(balance.arrears > 0 ? [['owed', whole(balance.arrears)]] : []),
      ...(balance.nextExpiry === null || balance.nextExpiry === undefined
        ? []
        : [[`lapse at ${momentOf(balance.nextExpiry.at)}`, whole(balance.nextExpiry.points)]]),
    ],
    ['left', 'right'],
  );

/** `tally statement`: why an account has what it has, newest first. */
export const showStatement = (run: Run, options: StatementOptions): Promise<ExitCode> =>
  withAccount(run, options, async (client, account) => {
    const { entries, more } = await readEntries(client, options, account);
    run.terminal.out(
      options.json === true
        ? JSON.stringify({ program: options.program, account, entries, more }, null, 2)
        : entriesTable(entries),
    );
    if (more && options.json !== true)
      run.terminal.note(`There are older entries: --limit shows more than ${options.limit}.`);
  });

const entriesTable = (entries: readonly Entry[]): string =>
  table(
    [
      ['when (UTC)', 'points', 'why'],
      ...entries.map(({ at, points, reason }) => [
        `${at.slice(0, 10)} ${at.slice(11, 16)}`,
        points > 0 ? `+${whole(points)}` : whole(points),
        reason,
      ]),
    ],
    ['left', 'right', 'left'],
  );

const readEntries = async (
  client: Client,
  { program, limit }: StatementOptions,
  account: string,
): Promise<{ entries: readonly Entry[]; more: boolean }> => {
  const entries: Entry[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(Math.min(pageMax, limit - entries.length)) });
    if (cursor !== null) query.set('cursor', cursor);
    const answer = await client.call({
      service: 'reporting',
      method: 'GET',
      path: `${accountPath(program, account)}/statement?${query.toString()}`,
      answer: statementAnswer,
    });
    if (!answer.ok) throw failureOf('the statement cannot be read', answer.error);
    entries.push(...answer.value.value.entries);
    cursor = answer.value.value.next;
  } while (cursor !== null && entries.length < limit);
  return { entries, more: cursor !== null };
};

const accountPath = (program: string, account: string): string =>
  `/v1/accounts/${encodeURIComponent(program)}/${encodeURIComponent(account)}`;

const withAccount = async (
  run: Run,
  { program, account, card }: AccountOptions,
  work: (client: Client, account: string) => Promise<void>,
): Promise<ExitCode> => {
  if ((account === undefined) === (card === undefined))
    throw new Failure(exitCodes.usage, 'name either --card or --account');
  const { env, signal, terminal } = run;
  const system = await openSystem({ env, signal, roles: ['store'], note: terminal.note });
  try {
    await work(system.client, account ?? (await accountOfCard(system.client, program, card ?? '')));
    return exitCodes.ok;
  } finally {
    await system.close();
  }
};

/** The number travels in the body, so that no address that is logged holds it. */
export const accountOfCard = async (
  client: Client,
  program: string,
  card: string,
): Promise<string> => {
  const answer = await client.call({
    service: 'enrollment',
    method: 'POST',
    path: '/v1/cards/lookup',
    body: JSON.stringify({ program, card }),
    answer: cardAnswer,
  });
  if (!answer.ok) throw failureOf('the card cannot be looked up', answer.error);
  return successorOf(client, program, answer.value.value.account);
};

/** The card still names the account that it was linked to; whose points it leads to by now, the one that spends them knows. */
const successorOf = async (client: Client, program: string, account: string): Promise<string> => {
  const quote = await client.call({
    service: 'redemption',
    method: 'POST',
    path: '/v1/redemptions/quote',
    body: JSON.stringify({ program, account }),
    answer: z.unknown(),
  });
  const into = quote.ok ? undefined : quote.error.successor;
  // An account never becomes part of itself, by however many others: this ends.
  return into === undefined ? account : successorOf(client, program, into);
};

/** `2027-08-31 23:00 UTC`: a programme's day seldom ends at midnight UTC, so the day alone would mislead. */
const momentOf = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
