import type { StreamCategory } from '@tallystick/kernel';

/** Every topic of the bus: who writes it, what its key is. Created from this table; `partitions` is fixed at creation. On Kafka what has no `retentionDays` is kept for ever. */
export const topics = {
  /** Tills: one ReceiptV1 a message, as JSON. Key: the card number, or the receipt's own identity without one. */
  receipts: { name: 'receipts', partitions: 8, retentionDays: 14 },
  /** The relay: events of `ledger-…` streams. Key: the stream. */
  ledger: { name: 'ledger', partitions: 8 },
  /** The relay: events of `receipt-…`, `partneraward-…` and `card-…` streams (accrual's). Key: the stream. */
  receiptLog: { name: 'receipt-log', partitions: 8 },
  /** The relay: events of `member-…` and `attribute-…` streams (enrollment's). Key: the stream. */
  membership: { name: 'membership', partitions: 4 },
  /** The relay: events of `program-…` streams. Key: the stream. */
  programs: { name: 'programs', partitions: 1 },
  /** The relay: events of `partner-…` and `partnerevent-…` streams (partners'). Key: the stream. */
  partnerLog: { name: 'partner-log', partitions: 4 },
  /** The relay: events of `redemption-…`, `hold-…`, `transfer-…`, `transferrequest-…` and `certificateuse-…` streams (redemption's). Key: the stream. */
  redemptions: { name: 'redemptions', partitions: 4 },
  /** The relay: events of `adjustment-…`, `merge-…`, `openingbalance-…`, `balancebatch-…`, `closing-…` and `rerating-…` streams (accrual's). Key: the stream. */
  corrections: { name: 'corrections', partitions: 4 },
} as const;

/**
 * Streams that nobody hears of. A budget's count what accrual gave: the award that they are written with says the same of its lots, and is
 * published. A birthday's say who changed it, for whoever looks into that, and nothing that anybody could go by.
 */
const unpublished = ['budget', 'birthday'] as const satisfies readonly StreamCategory[];
export const unpublishedCategories: ReadonlySet<string> = new Set(unpublished);

/** Where the relay publishes the events of each other category of streams. */
export const topicOfCategory: { readonly [category: string]: string } = {
  ledger: topics.ledger.name,
  receipt: topics.receiptLog.name,
  card: topics.receiptLog.name,
  member: topics.membership.name,
  attribute: topics.membership.name,
  program: topics.programs.name,
  partner: topics.partnerLog.name,
  partnerevent: topics.partnerLog.name,
  partneraward: topics.receiptLog.name,
  redemption: topics.redemptions.name,
  adjustment: topics.corrections.name,
  merge: topics.corrections.name,
  openingbalance: topics.corrections.name,
  balancebatch: topics.corrections.name,
  closing: topics.corrections.name,
  rerating: topics.corrections.name,
  hold: topics.redemptions.name,
  transfer: topics.redemptions.name,
  transferrequest: topics.redemptions.name,
  certificateuse: topics.redemptions.name,
} satisfies Record<Exclude<StreamCategory, (typeof unpublished)[number]>, string>;
