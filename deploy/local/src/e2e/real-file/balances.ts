import { accountId, programId } from '@tallystick/kernel';
import {
  arrearsOf,
  assertEquation,
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  unspentOf,
  type Account,
} from '@tallystick/ledger';
import { clientOf, everywhere, expected, numberAt, textAt } from '../tools/client.js';
import { sideBySide } from '../tools/side-by-side.js';
import { withStore } from '../tools/store.js';
import type { SystemProcess } from '../tools/system-process.js';

/** What a card has: unspent - arrears. */
export interface Balance {
  /** As reporting's views have it. */
  readonly viewed: number | undefined;
  /** As reporting answers it over HTTP; asked for some of the cards only. */
  readonly answered?: number;
  /** As the account's stream folds to. */
  readonly folded: number | undefined;
}

const requestsAtOnce = 8;
/** Every so many cards one is asked for over HTTP, too. */
const answeredEvery = 10;

/** The balance of each card. Whose card it is, enrollment says. */
export const balancesOf = async (
  system: SystemProcess,
  program: string,
  cards: readonly string[],
): Promise<Map<string, Balance>> => {
  const url = await system.databaseUrl();
  const folded = await foldedAccounts(url, program);
  const viewed = await viewedAccounts(url, program);
  const store = await clientOf(system, { sub: 'till', roles: ['store'], ...everywhere });
  const answeredFor = async (account: string): Promise<number> => {
    const answer = await store('reporting', `/v1/accounts/${program}/${account}`);
    const { body } = expected(answer, 200);
    return numberAt(body, 'unspent') - numberAt(body, 'arrears');
  };
  const balances = await sideBySide(cards, requestsAtOnce, async (card, index) => {
    const found = await store('enrollment', '/v1/cards/lookup', { body: { program, card } });
    const account = textAt(expected(found, 200).body, 'account');
    const balance = { viewed: viewed.get(account), folded: folded.get(account) };
    return index % answeredEvery === 0
      ? ([card, { ...balance, answered: await answeredFor(account) }] as const)
      : ([card, balance] as const);
  });
  return new Map(balances);
};

const viewedAccounts = async (url: string, program: string): Promise<Map<string, number>> =>
  await withStore(url, async (_, db) => {
    const { rows } = await db.query<{ account: string; balance: bigint }>(
      `select account, unspent - (arrears_raised - arrears_paid) as balance
       from reporting.accounts where program = $1`,
      [program],
    );
    return new Map(rows.map(({ account, balance }) => [account, Number(balance)]));
  });

/** Straight from the store: each account's stream, folded, and its equation checked. */
const foldedAccounts = async (url: string, program: string): Promise<Map<string, number>> => {
  const accounts = new Map<string, Account>();
  await withStore(url, async (store) => {
    for await (const event of store.readAll({ categories: ['ledger'] })) {
      if (event.metadata.program !== programId(program)) continue;
      const account = accounts.get(event.stream) ?? emptyAccount();
      accounts.set(event.stream, evolve(account, decodeLedgerEvent(event)));
    }
  });
  const balances = new Map<string, number>();
  for (const account of accounts.values()) {
    assertEquation(account);
    const id = account.opened?.account ?? accountId('not opened');
    balances.set(id, unspentOf(account) - arrearsOf(account));
  }
  return balances;
};
