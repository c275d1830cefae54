import type { NewEvent } from '@tallystick/event-store';
import { accountId, factId, ledgerStream, Points, type AccountId } from '@tallystick/kernel';
import {
  decideReceipt,
  decideRedeem,
  emptyAccount,
  evolve,
  type LedgerEvent,
} from '@tallystick/ledger';
import type { Database } from '@tallystick/postgres';
import { openingOf, program, receiptOf, saleTime } from './earn.js';
import { stored } from './events.js';

/** Events of each account: it is opened, earns by receipts, and spends at every third step. */
export const eventsPerAccount = 10;
export const redeemedEach = 5;
const redeemsAt = (revision: number): boolean => revision % 3 === 0 && revision > 0;
/** What each account has earned and redeemed at its end. */
export const receiptsPerAccount = 6;
export const redemptionsPerAccount = 3;

/** Stands for an account's number in what is the same for all; nine characters, like the number. */
const marker = 'qqqqqqqqq';
const template = accountId(`a${marker}`);
const chunkEvents = 500_000;
/** Spreads the accounts of a lap, so that one's events lie far apart. Prime to every power of ten. */
const spread = 7_919;

/** The history of one account as the ledger decides it. */
const historyOf = (account: AccountId): NewEvent[] => {
  const opening = openingOf(account);
  const state = evolve(emptyAccount(), opening);
  const events: NewEvent[] = [
    stored(factId('membership', program, account), 0, opening, saleTime(0)),
  ];
  for (let revision = 1; revision < eventsPerAccount; revision += 1) {
    const at = saleTime(revision * 100_000);
    const { fact, event } = redeemsAt(revision)
      ? redeem(state, account, revision, at)
      : earn(state, account, revision);
    events.push(stored(fact, 0, event, at));
  }
  return events;
};

type Decided = { readonly fact: ReturnType<typeof factId>; readonly event: LedgerEvent };
type State = ReturnType<typeof emptyAccount>;

const earn = (state: State, account: AccountId, revision: number): Decided => {
  const receipt = receiptOf(revision * 100_000);
  const fact = factId('receipt', 'chain', 'store-12', 'till-3', `${account}${revision}`);
  const [line] = receipt.earning.lines;
  const decision = decideReceipt(
    state,
    {
      ...receipt,
      fact,
      earning: {
        reason: null,
        lots: receipt.earning.lots.map((lot) => ({ ...lot, id: `${fact}#1.0` })),
        lines:
          line === undefined ? [] : [{ ...line, points: [Points.points(37)], spendMinor: 3_700 }],
      },
    },
    receipt.occurredAt,
  );
  const event = decision.kind === 'applied' ? decision.events[0] : undefined;
  if (event === undefined) throw new Error('a new receipt is applied');
  return { fact, event };
};

const redeem = (
  state: State,
  account: AccountId,
  revision: number,
  at: ReturnType<typeof saleTime>,
): Decided => {
  const fact = factId('redemption', program, `${account}${revision}`);
  const command = { redemption: fact, factHash: 'h', kind: 'discount', reference: 'basket' };
  const decision = decideRedeem(state, { ...command, points: Points.points(redeemedEach) }, at);
  if (decision.kind !== 'redeemed') throw new Error('the points are there');
  evolve(state, decision.event);
  return { fact, event: decision.event };
};

/**
 * Fills an empty event store, as its PostgreSQL's superuser, with a history of `events` events of a tenth as many accounts, in laps:
 * every account's first event, every account's second ... Ten million take about 12 GB. For the replay, and for query plans at size.
 * Not through `append`, which would take an hour: by `insert ... select` on the server, from events that the ledger's deciders made for one
 * account and that get each account's number there. Constraints and indexes are dropped before and made again afterwards, so what
 * comes out is the table as appends leave it. `events` is a multiple of 10; its tenth must not be a multiple of 7919.
 */
export const fillWithHistory = async (db: Database, events: number): Promise<void> => {
  const accounts = events / eventsPerAccount;
  const laps = historyOf(template);
  await withoutIndexes(db, async () => {
    for (const [revision, event] of laps.entries()) {
      for (let from = 0; from < accounts; from += chunkEvents) {
        await db.query(
          `insert into eventstore.events (position, id, revision, schema_version, stream, type, data, metadata)
           select $1::bigint * $2 + n + 1, md5($1 || ' ' || n)::uuid, $1, $3,
                  replace($4, '${marker}', a), $5, replace($6, '${marker}', a), $7
             from (select n, lpad(((n * ${spread} + $1 * 31) % $2)::text, 9, '0') as a
                     from generate_series($8::bigint, $9::bigint) n) numbered`,
          [
            ...[revision, accounts, event.schemaVersion],
            ...[ledgerStream(program, template), event.type, event.data],
            ...[JSON.stringify(event.metadata), from, Math.min(from + chunkEvents, accounts) - 1],
          ],
        );
      }
    }
  });
  await db.query('vacuum analyze eventstore.events');
  await db.query('checkpoint');
};

/** Does something while the events have neither constraint nor index, which are the same as before afterwards. */
const withoutIndexes = async (db: Database, work: () => Promise<void>): Promise<void> => {
  const table = 'eventstore.events';
  const { rows: constraints } = await db.query<{ name: string; definition: string }>(
    `select quote_ident(conname) as name, pg_get_constraintdef(oid) as definition from pg_constraint
      where conrelid = $1::regclass and contype in ('p', 'u')`,
    [table],
  );
  const { rows: indexes } = await db.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid = $1::regclass
        and not exists (select from pg_constraint where conindid = indexrelid)`,
    [table],
  );
  for (const { name } of constraints)
    await db.query(`alter table ${table} drop constraint ${name}`);
  for (const { name } of indexes) await db.query(`drop index ${name}`);
  await work();
  for (const { name, definition } of constraints)
    await db.query(
      `set maintenance_work_mem = '256MB'; alter table ${table} add constraint ${name} ${definition}`,
    );
  for (const { definition } of indexes)
    await db.query(`set maintenance_work_mem = '256MB'; ${definition}`);
};
