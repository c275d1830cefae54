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

/** What a card has: unspent - arrears. As reporting answers it, and as the account's stream folds to. */
export interface Balance {
  readonly reported: number;
  readonly folded: number | undefined;
}

const requestsAtOnce = 8;

/** The balance of each card, asked for as a shop does: whose card is it, what does the account have. */
export const balancesOf = async (
  system: SystemProcess,
  program: string,
  cards: readonly string[],
): Promise<Map<string, Balance>> => {
  const folded = await foldedAccounts(await system.databaseUrl(), program);
  const store = await clientOf(system, { sub: 'till', roles: ['store'], ...everywhere });
  const balances = await sideBySide(cards, requestsAtOnce, async (card) => {
    const found = await store('enrollment', '/v1/cards/lookup', { body: { program, card } });
    const account = textAt(expected(found, 200).body, 'account');
    const answer = await store('reporting', `/v1/accounts/${program}/${account}`);
    const { body } = expected(answer, 200);
    const reported = numberAt(body, 'unspent') - numberAt(body, 'arrears');
    return [card, { reported, folded: folded.get(account) }] as const;
  });
  return new Map(balances);
};

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
