import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import { balanceAnswer, balanceTable, type Balance } from './balance-table.js';
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

const cardAnswer = z.looseObject({ account: z.string(), successor: z.string().nullish() });
const entry = z.looseObject({
  ...{ at: z.string(), points: z.int(), reason: z.string() },
  about: z.looseObject({ kind: z.string(), id: z.string() }).nullish(),
});
type Entry = z.output<typeof entry>;
const statementAnswer = z.looseObject({ entries: z.array(entry), next: z.string().nullable() });

const pageMax = 200;

/** `tally balance`: what an account has now. */
export const showBalance = (run: Run, options: AccountOptions): Promise<ExitCode> =>
  withAccount(run, options, async (client, account) => {
    const balance = await readBalance(run, client, options.program, account);
    if (options.json === true) run.terminal.out(JSON.stringify(balance, null, 2));
    else
      run.terminal.out(
        balanceTable(balance, await arrearsPolicyOf(client, options.program, balance)),
      );
  });

/** Follows an account that became part of another one to where its points are. */
const readBalance = async (
  run: Run,
  client: Client,
  program: string,
  account: string,
): Promise<Balance> => {
  const balance = await balanceOf(client, program, account);
  return tellSuccessor(run, balance)
    ? readBalance(run, client, program, balance.successor)
    : balance;
};

const balanceOf = async (client: Client, program: string, account: string): Promise<Balance> => {
  const answer = await client.call({
    service: 'reporting',
    method: 'GET',
    path: accountPath(program, account),
    answer: balanceAnswer,
  });
  if (!answer.ok) throw failureOf('the balance cannot be read', answer.error);
  return answer.value.value;
};

/** Tells whose points an account's are now, if it became part of another one. */
const tellSuccessor = (
  run: Run,
  balance: Balance,
): balance is Balance & { readonly successor: string } => {
  const { account, successor } = balance;
  if (successor === null || successor === undefined) return false;
  run.terminal.note(
    `Account ${account} became part of account ${successor}, which has its points now.`,
  );
  return true;
};

const quoteAnswer = z.looseObject({ arrearsPolicy: z.string().nullish() });
/** How what is owed is paid, by the rulebook in force; null where nothing is, or nobody tells. */
const arrearsPolicyOf = async (
  client: Client,
  program: string,
  { account, arrears }: Balance,
): Promise<string | null> => {
  if (arrears === 0) return null;
  const quote = await client.call({
    service: 'redemption',
    method: 'POST',
    path: '/v1/redemptions/quote',
    body: JSON.stringify({ program, account }),
    answer: quoteAnswer,
  });
  return quote.ok ? (quote.value.value.arrearsPolicy ?? null) : null;
};

/** `tally statement`: why an account has what it has, newest first. */
export const showStatement = (run: Run, options: StatementOptions): Promise<ExitCode> =>
  withAccount(run, options, async (client, account) => {
    const { entries, more } = await readEntries(client, options, account);
    run.terminal.out(
      options.json === true
        ? JSON.stringify({ program: options.program, account, entries, more }, null, 2)
        : entriesTable(entries),
    );
    tellSuccessor(run, await balanceOf(client, options.program, account));
    if (more && options.json !== true)
      run.terminal.note(`There are older entries: --limit shows more than ${options.limit}.`);
  });

const entriesTable = (entries: readonly Entry[]): string =>
  table(
    [
      ['when (UTC)', 'points', 'why', 'of'],
      ...entries.map(({ at, points, reason, about }) => [
        `${at.slice(0, 10)} ${at.slice(11, 16)}`,
        points > 0 ? `+${whole(points)}` : whole(points),
        reason,
        about === null || about === undefined ? '' : `${about.kind} ${about.id}`,
      ]),
    ],
    ['left', 'right', 'left', 'left'],
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

/** Opens the system as a till, finds the account, and closes it after. */
export const withAccount = async (
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
  const { account, successor } = answer.value.value;
  return successorOf(client, program, successor ?? account);
};

/** Enrollment hears of a merge over the bus; whose points it leads to at this very moment, the one that spends them knows. */
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
