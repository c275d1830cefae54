import { topicOfCategory, topics } from '@tallystick/contracts';
import { definitions } from '../system/services.js';
import type { Migration } from '@tallystick/postgres';
import { busSchema } from '@tallystick/message-bus';

/** A table that cannot be made again from the events, or only in part. */
export interface KeptTable {
  readonly table: string;
  /** Which rows; all of them without it. */
  readonly where?: string;
}

export interface KeptSchema {
  readonly schema: string;
  readonly migrations: readonly Migration[];
  /** The role that owns it; the administrator without it. */
  readonly owner?: string;
  readonly tables: readonly KeptTable[];
}

const relayed = new Set(Object.values(topicOfCategory));
/** Topics that somebody else writes: what is on them and not yet done is nowhere else. Names of ours: nothing to escape. */
const inbound = Object.values(topics)
  .map(({ name }) => name)
  .filter((name) => !relayed.has(name));
const ofInbound = `topic in (${inbound.map((name) => `'${name}'`).join(', ')})`;
const inInbound = `partition_id in (select id from bus.partitions where ${ofInbound})`;

/** Besides the events and the keys: everything that a restored system could not make again. In the order in which it is restored. */
export const keptSchemas: readonly KeptSchema[] = [
  {
    // Members' personal data, sealed; which card is whose.
    schema: 'enrollment',
    migrations: definitions.enrollment.migrations,
    owner: 'tallystick_enrollment',
    tables: [
      { table: 'programs' },
      { table: 'members' },
      { table: 'cards' },
      { table: 'merged_accounts' },
      { table: 'left_cards' },
      { table: 'rebuilt_to' },
    ],
  },
  {
    // The secrets that partners sign with and the bodies that they signed, sealed.
    schema: 'partners',
    migrations: definitions.partners.migrations,
    owner: 'tallystick_partners',
    tables: [
      { table: 'partners' },
      { table: 'keys' },
      { table: 'events' },
      { table: 'conflicts' },
      { table: 'outcomes' },
      { table: 'rebuilt_to' },
    ],
  },
  {
    // What tills have sent over the bus and nobody has handled yet, and what could not be handled.
    schema: busSchema.schema,
    migrations: busSchema.migrations,
    tables: [
      { table: 'topics', where: ofInbound },
      { table: 'partitions', where: ofInbound },
      { table: 'subscriptions', where: ofInbound },
      { table: 'positions', where: inInbound },
      {
        table: 'messages',
        where: `${inInbound} and "offset" >= coalesce(
          (select min(p.position) from bus.positions p where p.partition_id = t.partition_id), 0)`,
      },
      { table: 'dead_letters', where: ofInbound },
    ],
  },
];

/** What a start makes again from the events, by table or, with `*`, by schema. Every table is here, kept, or the events themselves. */
export const madeAgain: readonly string[] = [
  'accrual.accounts',
  'accrual.adjustments',
  'accrual.balance_batches',
  'accrual.caught_up',
  'accrual.certificate_versions',
  'accrual.closings',
  'accrual.due_accounts',
  'accrual.merge_requests',
  'accrual.merges',
  // Empty on PostgreSQL, where an append over several streams is whole.
  'accrual.unfinished_balances',
  'accrual.unsettled',
  'bus.identity',
  'redemption.card_links',
  'redemption.closings',
  'redemption.open_transfers',
  'redemption.programs',
  'redemption.transfer_requests',
  'relay.positions',
  // Views, the staging of replays, and the reports of earlier ones.
  'reporting.*',
];
