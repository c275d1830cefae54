import {
  canonicalJson,
  newEvent,
  sha256,
  type EventMetadata,
  type NewEvent,
} from '@tallystick/event-store';
import type { FactId, Instant, StreamName } from '@tallystick/kernel';
import {
  inOnePiece,
  spread,
  type Account,
  type HoldReleased,
  type LedgerEvent,
} from '@tallystick/ledger';

/** A ledger event, and the form in which it is appended. */
export interface Recording {
  readonly event: LedgerEvent;
  /** Itself, or its parts and then its head. */
  readonly stored: readonly NewEvent[];
  readonly metadata: EventMetadata;
}

/** UTF-16 units of what is stored in one piece: 3 bytes each at most, so that it is within what any store and bus takes. */
const unitsMax = 300_000;

/** `ordinal` tells apart the events that one fact causes: they share it with the fact's own stream. Parts of an event share its ordinal. */
export const recording = (
  fact: FactId,
  ordinal: number,
  event: LedgerEvent,
  metadata: EventMetadata,
): Recording => {
  const whole = newEvent(fact, ordinal, inOnePiece(event), metadata);
  if (whole.data.length <= unitsMax) return { event, stored: [whole], metadata };
  const forms = spread(event, { canonical: canonicalJson, sha256, unitsMax });
  const stored = forms.map((form) => newEvent(fact, ordinal, form, metadata));
  return { event, stored, metadata };
};

/** Bytes that a recording adds to an append. */
export const bytesOf = ({ stored }: Recording): number =>
  stored.reduce(
    (sum, { data, metadata }) =>
      sum + Buffer.byteLength(data) + Buffer.byteLength(JSON.stringify(metadata)),
    0,
  );

/** Events that a hold's own fact causes: what asked for it, what reserved the lots, and this. */
const lapseOrdinal = 2;

/** That a hold's time was over, for the moment at which it was, whoever posts it. */
export const lapseRecording = (event: HoldReleased, metadata: EventMetadata): Recording => {
  const { fact, occurredAt } = event.data;
  return recording(fact, lapseOrdinal, event, { ...metadata, occurredAt });
};

export type Decided<T> =
  /** Appended to the account's stream; answered when that is durable. */
  | {
      readonly kind: 'write';
      readonly events: readonly Recording[];
      /** Whether `decide` has folded the events into the account already, as `decideReceipt` does. */
      readonly folded?: boolean;
      /** Given the account right after these events, and then where the store has the last of them, or a later one of the same append where it cannot tell them apart. */
      readonly answer: (after: Account) => (position: bigint) => T;
    }
  /** Nothing is written. Only given on what the store has now, never on what it had a while ago. */
  | { readonly kind: 'answer'; readonly answer: (position: bigint) => T };

/** What is to be decided on one account. */
export interface Command<T> {
  /**
   * The command's own stream, begun by the same append and before the account is written. Its data must not depend on when the command is
   * decided: sent again after a crash, the same bytes are what heals it.
   */
  readonly begins?: { readonly stream: StreamName; readonly event: NewEvent };
  /**
   * Decided on what is posted. Otherwise holds whose time is over hold nothing (`asOf`), and are posted with what is written: only who posts
   * them one by one wants to see them.
   */
  readonly asPosted?: boolean;
  /** Pure. Called again, on the account as it is then, when others wrote it first. Must not keep the account, nor change it but by what it says is `folded`. */
  decide(account: Account, at: Instant): Decided<T>;
  /**
   * The answer when `begins` is there already, with other content; or with the same, when the account no longer remembers all that it did:
   * the caller looks at that stream, and comes back without `begins` if there is still something to do.
   */
  readonly taken?: () => T;
}
