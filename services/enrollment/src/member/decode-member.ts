import { cardLinked, cardUnlinked, memberEnrolled } from '@tallystick/contracts';
import type { RecordedEvent } from '@tallystick/event-store';
import {
  accountId,
  cardToken,
  memberId,
  programId,
  type FactId,
  type Instant,
} from '@tallystick/kernel';
import {
  cardLinkedEvent,
  cardUnlinkedEvent,
  schemaVersions,
  type CardLink,
  type Enrolment,
} from './events.js';
import { enrolmentFact } from './ids.js';
import { storedInstant } from './stored-instant.js';

/** A card of a member, and the event that linked it. */
export interface LinkedCard extends CardLink {
  readonly event: RecordedEvent;
  /** Null: it still leads to the member's account. */
  readonly left: CardLeft | null;
}

/** Since when a card leads to a member's account no more, and the event that says so. */
export interface CardLeft {
  readonly until: Instant;
  readonly event: RecordedEvent;
}

/** A member as its stream tells it. */
export interface Member extends Omit<Enrolment, 'cards'> {
  /** The cards that it was enrolled with, in order. */
  readonly enrolledWith: readonly LinkedCard[];
  /** All cards that it ever had, those too. */
  readonly cards: readonly LinkedCard[];
  /** Where the enrolment ended in the store's order. */
  readonly enrolledAt: bigint;
  /** Of the stream's last event. */
  readonly revision: number;
}

export type MemberEvent =
  | { readonly type: 'MemberEnrolled'; readonly enrolled: Omit<Enrolment, 'cards'> }
  | { readonly type: 'CardLinked'; readonly linked: LinkedCard }
  | { readonly type: 'CardUnlinked'; readonly link: CardLink; readonly left: CardLeft };

/** Throws on an event that this release does not know: it must not decide on half of what is true. */
export const decodeMemberEvent = (event: RecordedEvent): MemberEvent => {
  const { type, schemaVersion, stream, revision } = event;
  if (type === 'MemberEnrolled' && schemaVersion <= schemaVersions.MemberEnrolled) {
    const data = memberEnrolled.parse(JSON.parse(event.data));
    return {
      type,
      enrolled: {
        program: programId(data.program),
        member: memberId(data.member),
        account: accountId(data.account),
        shared: data.shared === true,
        since: event.metadata.occurredAt,
      },
    };
  }
  if (type === 'CardLinked' && schemaVersion <= schemaVersions.CardLinked) {
    const data = cardLinked.parse(JSON.parse(event.data));
    return {
      type,
      linked: {
        program: programId(data.program),
        member: memberId(data.member),
        account: accountId(data.account),
        card: cardToken(data.card),
        since: storedInstant.parse(data.from),
        event,
        left: null,
      },
    };
  }
  if (type === 'CardUnlinked' && schemaVersion <= schemaVersions.CardUnlinked) {
    const data = cardUnlinked.parse(JSON.parse(event.data));
    return {
      type,
      link: {
        program: programId(data.program),
        member: memberId(data.member),
        account: accountId(data.account),
        card: cardToken(data.card),
        since: storedInstant.parse(data.from),
      },
      left: { until: storedInstant.parse(data.until), event },
    };
  }
  throw new Error(
    `${stream} holds ${type} of schema version ${schemaVersion} at ${revision}: a newer release wrote it`,
  );
};

/** Whether an event is the one that this fact and ordinal make: ids come from nothing but fact, ordinal and content. */
export const isLinkOf = (fact: FactId, ordinal: number, card: LinkedCard): boolean =>
  cardLinkedEvent(fact, ordinal, card, card.event.metadata).id === card.event.id;

/** Whether this fact is what ended the link. */
export const isUnlinkOf = (fact: FactId, { left, ...link }: LinkedCard): boolean =>
  left !== null &&
  cardUnlinkedEvent(fact, link, left.until, left.event.metadata).id === left.event.id;

/** Folds a member's stream; undefined when it is empty. */
export const foldMember = (events: readonly RecordedEvent[]): Member | undefined => {
  let enrolled: Omit<Enrolment, 'cards'> | undefined;
  const cards: LinkedCard[] = [];
  for (const event of events) {
    const decoded = decodeMemberEvent(event);
    if (decoded.type === 'MemberEnrolled') enrolled = decoded.enrolled;
    else if (decoded.type === 'CardLinked') cards.push(decoded.linked);
    else {
      const { link, left } = decoded;
      const ended = cards.findIndex(
        ({ card, since }) => card === link.card && since === link.since,
      );
      const before = cards[ended];
      if (before === undefined) throw new Error(`${event.stream} ends a link that it never had`);
      cards[ended] = { ...before, left };
    }
  }
  const first = events[0];
  if (enrolled === undefined || first === undefined) return undefined;
  const fact = enrolmentFact(enrolled.program, enrolled.member);
  const enrolledWith = cards.filter(
    (card) => card.event.revision > 0 && isLinkOf(fact, card.event.revision, card),
  );
  return {
    ...enrolled,
    enrolledWith,
    cards,
    enrolledAt: enrolledWith.at(-1)?.event.position ?? first.position,
    revision: events.length - 1,
  };
};
