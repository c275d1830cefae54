/** Why a row of the file did not become a line of a receipt. The codes are stored in rejects files: they do not change. */
export const rejectCodes = [
  'columns-wrong',
  'quote-not-closed',
  'text-damaged',
  'field-missing',
  'field-too-long',
  'time-unreadable',
  'time-repeated',
  'time-skipped',
  'currency-unknown',
  'quantity-unreadable',
  'price-unreadable',
  'amount-unreadable',
  'return-not-negative',
  'return-not-positive',
  'negative-without-mark',
  'receipt-differs',
  'receipt-incomplete',
  'receipt-too-long',
  'receipt-invalid',
  'receipt-already-sent',
] as const;
export type RejectCode = (typeof rejectCodes)[number];

/**
 * A rejected row. The explanation names columns and rows, and never repeats what a cell holds: in a damaged row the
 * card number may stand in any of them.
 */
export interface Reject {
  readonly line: number;
  readonly code: RejectCode;
  readonly explanation: string;
}
