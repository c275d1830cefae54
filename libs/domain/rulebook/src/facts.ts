import { Exact } from '@tallystick/kernel';
import type { CardToken, FactId, Instant, LocalDate, ProgramId } from '@tallystick/kernel';

/** Names another receipt: the one that a return returns. */
export interface ReceiptRef {
  readonly chain: string;
  readonly store: string;
  readonly till: string;
  readonly number: string;
  readonly businessDate: LocalDate;
}

export interface ReceiptLine {
  /** The line's identity within its receipt: two identical lines both count. */
  readonly ordinal: number;
  readonly product: string;
  readonly category: string | null;
  readonly brand: string | null;
  /** Exact decimal; negative: goods that come back. */
  readonly quantity: string;
  /** What the line comes to after its discounts, in major units, an exact decimal; negative on a return. */
  readonly amount: string;
  /** The sale that a returned line names. */
  readonly original: (ReceiptRef & { readonly ordinal: number | null }) | null;
}

/** A receipt as the rulebook and the ledger see it: checked, its card a token, nothing personal in it. */
export interface ReceiptFact {
  readonly id: FactId;
  readonly program: ProgramId;
  readonly ref: ReceiptRef;
  /** 1 for the first; a corrected document is the next. */
  readonly revision: number;
  readonly hash: string;
  readonly occurredAt: Instant;
  readonly card: CardToken | null;
  readonly currency: string;
  readonly channel: string | null;
  readonly lines: readonly ReceiptLine[];
  /** The part of the receipt that was paid with points, in major units, an exact decimal >= 0. */
  readonly paidWithPoints: string;
  /** The kinds of means that it was paid by, each once; absent: the till did not say. */
  readonly payments?: readonly string[];
}

const minusSign = 45;

export const isSale = ({ quantity }: ReceiptLine): boolean =>
  quantity.charCodeAt(0) !== minusSign || !Exact.isNegative(Exact.exact(quantity));

/** Something that a partner says a member did. */
export interface PartnerFact {
  readonly id: FactId;
  readonly program: ProgramId;
  readonly partner: string;
  readonly type: string;
  readonly hash: string;
  readonly occurredAt: Instant;
  readonly card: CardToken;
  /** What was spent at the partner, in major units, an exact decimal; null for an action without money. */
  readonly amount: string | null;
  readonly currency: string | null;
  /** Who of the partner's people gave it: a manager who awards a colleague. Absent: nobody is named. */
  readonly sender?: string;
  /** Why, in the sender's words. */
  readonly reason?: string;
}
