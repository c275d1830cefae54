import type { AccountId, CardToken, Instant, MemberId } from '@tallystick/kernel';
import type { PersonalData } from '../member/personal.js';

/** One enrolment as it is asked for: checked, its ids made of its key, its cards tokens. */
export interface Wanted {
  readonly member: MemberId;
  readonly account: AccountId;
  /** Whether the account is one that another member has. */
  readonly shared: boolean;
  /** Without doubles. */
  readonly cards: readonly CardToken[];
  /** Null: from now on. */
  readonly since: Instant | null;
  readonly personal: PersonalData | null;
}

export type EnrolAnswer =
  | {
      readonly kind: 'enrolled';
      /** Whether this very enrolment had been asked for before. */
      readonly known: boolean;
      readonly member: MemberId;
      readonly account: AccountId;
      readonly cards: readonly { readonly card: CardToken; readonly since: Instant }[];
      readonly position: bigint;
    }
  | EnrolRefusal;

export type EnrolRefusal =
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'card-linked-elsewhere' }
  /** The account that is to be shared is nobody's. */
  | { readonly kind: 'account-unknown' }
  /** The account that is to be shared became part of another one. */
  | { readonly kind: 'account-merged'; readonly successor: AccountId };
