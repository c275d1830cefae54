export type * from './events.js';
export type * from './events-holds.js';
export type * from './events-corrections.js';
export type * from './events-moves.js';
export type * from './events-rerating.js';
export type * from './events-closing.js';
export type * from './events-certificates.js';
export * from './carried.js';
export { membershipsHeld, type MembershipState } from './memberships.js';
export {
  certificateStatus,
  isOutstanding,
  useOf,
  type CertificateState,
  type CertificateStatus,
  type CertificateUse,
} from './certificates.js';
export * from './certificate-postings.js';
export { givenBack, ownLots } from './given-back.js';
export { activityOfFact, dayOf, without, type DayActivity } from './history.js';
export {
  decodeLedgerEvent,
  schemaVersionOf,
  understoodLedgerRecord,
  UnknownLedgerEvent,
  type LedgerRecord,
} from './decode-ledger-event.js';
export * from './spread.js';
export * from './account.js';
export * from './valuation.js';
export * from './as-of.js';
export * from './evolve.js';
export * from './postings.js';
export * from './take.js';
export { cameBackHere, type ReturnedLine } from './returns.js';
export * from './decide-account.js';
export * from './decide-receipt.js';
export * from './decide-redemption.js';
export * from './decide-hold.js';
export { decideLapses } from './lapses.js';
export * from './decide-expiry.js';
export * from './decide-adjustment.js';
export * from './decide-transfer.js';
export * from './decide-merge.js';
export { closedTo, hasRoomFor, lotStateOf, type BeyondLimit, type MergedAway } from './lots.js';
export * from './decide-opening-balance.js';
export * from './decide-closing.js';
export * from './decide-rerating.js';
export * from './decide-certificates.js';
