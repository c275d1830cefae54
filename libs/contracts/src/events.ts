import { z } from 'zod';

/**
 * The events that cross from one service to another, besides the ledger's own (see `@tallystick/ledger`).
 * Stored types have these names for ever; classes may be renamed, these may not.
 */

/** enrollment, stream `member-<program>-<member>`: a member exists, and which account it collects on. */
export const memberEnrolled = z.object({
  program: z.string(),
  member: z.string(),
  account: z.string(),
  shared: z
    .literal(true)
    .optional()
    .describe('The account is one that another member has; else the member has one of its own'),
});
export type MemberEnrolled = z.output<typeof memberEnrolled>;

/** enrollment, same stream: a card leads to the account from `from` on. */
export const cardLinked = z.object({
  program: z.string(),
  member: z.string(),
  account: z.string(),
  card: z.string().describe('token, never the number'),
  from: z.string(),
});
export type CardLinked = z.output<typeof cardLinked>;

/** enrollment, same stream: the card leads there no more, from `until` on. `from` says which link ends. */
export const cardUnlinked = cardLinked.extend({ until: z.string() });
export type CardUnlinked = z.output<typeof cardUnlinked>;

/** accrual, stream `program-<program>`: somebody wrote what the next version may be; it takes the place of an earlier draft. */
export const rulebookDrafted = z.object({
  program: z.string(),
  version: z.int(),
  hash: z.string(),
  effectiveFrom: z.string(),
  /** The canonical JSON of the document, as hashed. */
  document: z.string(),
  /** A token's subject, as in the steps that follow. */
  draftedBy: z.string(),
});
export type RulebookDrafted = z.output<typeof rulebookDrafted>;

/** accrual, same stream: the draft with this hash waits for somebody else to approve it. */
export const rulebookProposed = z.object({
  program: z.string(),
  version: z.int(),
  hash: z.string(),
  proposedBy: z.string(),
});
export type RulebookProposed = z.output<typeof rulebookProposed>;

/** accrual, same stream: what was proposed is a draft again. */
export const rulebookWithdrawn = z.object({
  program: z.string(),
  version: z.int(),
  hash: z.string(),
  withdrawnBy: z.string(),
  reason: z.string(),
});
export type RulebookWithdrawn = z.output<typeof rulebookWithdrawn>;

/** accrual, same stream: a version is approved, and in force from `effectiveFrom`. */
export const rulebookPublished = z.object({
  program: z.string(),
  version: z.int(),
  hash: z.string(),
  effectiveFrom: z.string(),
  /** The canonical JSON of the document, as hashed. */
  document: z.string(),
  /** Who signed it; absent: an older release asked for one signature, which the event's metadata name. */
  draftedBy: z.string().optional(),
  proposedBy: z.string().optional(),
  approvedBy: z.string().optional(),
});
export type RulebookPublished = z.output<typeof rulebookPublished>;

/** partners, stream `partnerevent-<program>-<partner>-<event>`: a signed earn event was accepted. */
export const partnerEventReceived = z.object({
  program: z.string(),
  partner: z.string(),
  event: z.string(),
  type: z.string(),
  occurredAt: z.string(),
  card: z.string().describe('token'),
  amount: z.string().nullable(),
  currency: z.string().nullable(),
  hash: z.string(),
  /**
   * Evidence: SHA-256 of 32 random bytes and the raw body, the signature header and the key's id. The bytes and the body, which
   * holds a card number, stay sealed with partners: a plain hash of so short a body would give the number away by trial.
   */
  bodyHash: z.string(),
  signature: z.string(),
  keyId: z.string(),
  sender: z.string().exactOptional(),
  reason: z.string().exactOptional(),
});
export type PartnerEventReceived = z.output<typeof partnerEventReceived>;
