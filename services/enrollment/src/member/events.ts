import type { CardLinked, CardUnlinked, MemberEnrolled } from '@tallystick/contracts';
import { newEvent, type EventMetadata, type NewEvent } from '@tallystick/event-store';
import type {
  AccountId,
  CardToken,
  FactId,
  Instant,
  MemberId,
  ProgramId,
} from '@tallystick/kernel';
import { enrolmentFact } from './ids.js';

/** The newest schema version of each event that this release understands. */
export const schemaVersions = { MemberEnrolled: 1, CardLinked: 1, CardUnlinked: 1 } as const;

/** A member as it is to be enrolled: its events are made of this and nothing else. */
export interface Enrolment {
  readonly program: ProgramId;
  readonly member: MemberId;
  readonly account: AccountId;
  /** Whether the account is one that another member has. */
  readonly shared: boolean;
  /** When it happened in the shop; the cards lead to the account from then on. */
  readonly since: Instant;
  readonly cards: readonly CardToken[];
}

export interface CardLink {
  readonly program: ProgramId;
  readonly member: MemberId;
  readonly account: AccountId;
  readonly card: CardToken;
  readonly since: Instant;
}

const enrolled = ({ program, member, account, shared }: Enrolment) => ({
  type: 'MemberEnrolled',
  schemaVersion: schemaVersions.MemberEnrolled,
  data: {
    ...{ program, member, account },
    ...(shared ? { shared } : {}),
  } satisfies MemberEnrolled,
});

const linked = ({ program, member, account, card, since }: CardLink) => ({
  type: 'CardLinked',
  schemaVersion: schemaVersions.CardLinked,
  data: { program, member, account, card, from: since } satisfies CardLinked,
});

/** MemberEnrolled, and a CardLinked for each card: the first events of the member's stream, at revisions 0, 1, … */
export const enrolmentEvents = (enrolment: Enrolment, metadata: EventMetadata): NewEvent[] => {
  const fact = enrolmentFact(enrolment.program, enrolment.member);
  return [
    newEvent(fact, 0, enrolled(enrolment), metadata),
    ...enrolment.cards.map((card, index) =>
      newEvent(fact, index + 1, linked({ ...enrolment, card }), metadata),
    ),
  ];
};

export const cardLinkedEvent = (
  fact: FactId,
  ordinal: number,
  link: CardLink,
  metadata: EventMetadata,
): NewEvent => newEvent(fact, ordinal, linked(link), metadata);

/** That a link has ended: the card leads there no more from `until` on. */
export const cardUnlinkedEvent = (
  fact: FactId,
  { program, member, account, card, since }: CardLink,
  until: Instant,
  metadata: EventMetadata,
): NewEvent =>
  newEvent(
    fact,
    0,
    {
      type: 'CardUnlinked',
      schemaVersion: schemaVersions.CardUnlinked,
      data: { program, member, account, card, from: since, until } satisfies CardUnlinked,
    },
    metadata,
  );
