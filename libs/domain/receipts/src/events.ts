import type {
  AccountId,
  CardToken,
  FactId,
  Instant,
  MemberId,
  ProgramId,
} from '@tallystick/kernel';
import type { RulebookRef } from '@tallystick/ledger';
import type { PartnerFact, ReceiptFact, ReceiptRef } from '@tallystick/rulebook';

/** The part of a fact that goes to one account. A receipt's returned lines may belong to another account than its sold ones. */
export interface Part {
  readonly account: AccountId;
  /**
   * Ordinals of the receipt's lines; empty for a partner's event, which has none, and for an account that an earlier
   * revision went to and this one does not: there only what that one did is taken back.
   */
  readonly lines: readonly number[];
}

/** Where a fact goes and what rates it, decided once: a card linked to someone else meanwhile changes nothing. */
export interface Pin {
  readonly rulebook: RulebookRef | null;
  readonly parts: readonly Part[];
  /** Why none of its lines goes anywhere; null when one does, or when they wait. */
  readonly nothing: string | null;
  /** Lines that are in no part wait for this card. Absent: none waits; without a card they can be claimed. */
  readonly waits?: CardToken;
}

/** First event of a fact's stream, and again for each corrected revision. Without a pin the fact waits for its card. */
export interface FactRegistered {
  readonly type: 'ReceiptRegistered' | 'PartnerEventRegistered';
  readonly data: {
    readonly fact: FactId;
    readonly document: ReceiptFact | PartnerFact;
    readonly pin: Pin | null;
  };
}

export interface FactPinned {
  readonly type: 'FactPinned';
  readonly data: {
    readonly fact: FactId;
    readonly revision: number;
    readonly pin: Pin;
    /** Of a receipt without a card: the account that claimed it by its number. Its later revisions go there too. */
    readonly claimedBy?: AccountId;
  };
}

/** The same fact came with other content: refused, kept, and shown. */
export interface FactRefused {
  readonly type: 'FactRefused';
  readonly data: {
    readonly fact: FactId;
    readonly revision: number;
    readonly reason: string;
    readonly document: ReceiptFact | PartnerFact;
  };
}

/**
 * A receipt returns something of this one. Noted here by every revision of it that does, also while nobody has this one, and before it has
 * come: whoever gets it gets the return as well, and of a return and a claim at one instant one comes after the other.
 */
export interface ReturnNoted {
  readonly type: 'ReturnNoted';
  readonly data: {
    /** The sale. */
    readonly fact: FactId;
    readonly program: ProgramId;
    readonly ref: ReceiptRef;
    readonly by: FactId;
    /** Of the receipt that returns it. */
    readonly revision: number;
  };
}

/** Events of `receipt-…` and `partneraward-…` streams: one stream per fact, begun once. */
export type FactEvent = FactRegistered | FactPinned | FactRefused | ReturnNoted;

/** What accrual knows of a card: the links that enrollment tells, and the facts that wait for one. Stream `card-<program>-<token>`. */
export type CardEvent =
  | {
      readonly type: 'CardAttached';
      readonly data: {
        readonly program: ProgramId;
        readonly card: CardToken;
        readonly account: AccountId;
        readonly member: MemberId;
        readonly from: Instant;
      };
    }
  | {
      readonly type: 'CardDetached';
      readonly data: {
        readonly program: ProgramId;
        readonly card: CardToken;
        readonly account: AccountId;
        readonly member: MemberId;
        readonly from: Instant;
        /** The first instant at which it leads there no more. */
        readonly until: Instant;
      };
    }
  | {
      readonly type: 'FactParked';
      readonly data: { readonly card: CardToken; readonly fact: FactId; readonly stream: string };
    }
  | {
      readonly type: 'FactClaimed';
      readonly data: {
        readonly card: CardToken;
        readonly fact: FactId;
        /** null: the programme's policy lets nobody claim it any more. */
        readonly account: AccountId | null;
      };
    };
