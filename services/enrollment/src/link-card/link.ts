import type { RecordedEvent } from '@tallystick/event-store';
import {
  accountId,
  memberId,
  type AccountId,
  type CardToken,
  type FactId,
  type Instant,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import { metadata, type RequestContext } from '@tallystick/service-host';
import { z } from 'zod';
import { foldMember, isLinkOf, type LinkedCard, type Member } from '../member/decode-member.js';
import { cardLinkedEvent } from '../member/events.js';
import { memberStream } from '../member/ids.js';
import { insertCards, leftUntil } from '../member/pins.js';
import { restore } from '../member/restore.js';
import { storedInstant } from '../member/stored-instant.js';
import type { Parts } from '../parts.js';

/** Others link cards to the same member at the same moment: each round one of them wins. */
const roundsMax = 50;

export interface LinkRequest {
  readonly program: ProgramId;
  readonly member: MemberId;
  readonly card: CardToken;
  /** Made of the request's idempotency key. */
  readonly fact: FactId;
  readonly context: RequestContext;
}

export type LinkAnswer =
  | {
      readonly kind: 'linked';
      /** Whether the card led to this account before this request. */
      readonly known: boolean;
      readonly card: CardToken;
      readonly account: AccountId;
      readonly since: Instant;
      readonly position: bigint;
    }
  | { readonly kind: 'member-unknown' }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'card-linked-elsewhere' };

const cardRow = z.object({
  card: z.string(),
  member: z.string().transform(memberId),
  account: z.string().transform(accountId),
  since: storedInstant,
  fact: z.string(),
  ordinal: z.int(),
});
type CardRow = z.output<typeof cardRow>;

/** The row of a card, or else the row that this fact wrote for another card. */
const rowFor = async (
  db: Database,
  { program, card, fact }: LinkRequest,
): Promise<CardRow | undefined> => {
  const { rows } = await db.query(
    `select card, member, account, since, fact, ordinal from cards
      where program = $1 and (card = $2 or (fact = $3 and ordinal = 0)) order by card = $2 desc limit 1`,
    [program, card, fact],
  );
  return z.array(cardRow).parse(rows)[0];
};

const answerOf = (card: LinkedCard, known: boolean): LinkAnswer => ({
  kind: 'linked',
  known,
  card: card.card,
  account: card.account,
  since: card.since,
  position: card.event.position,
});

/** What the member's own stream says already: this key's card, or this card under another key. */
const answerFromStream = (member: Member, request: LinkRequest): LinkAnswer | undefined => {
  const ofKey = member.cards.find((card) => isLinkOf(request.fact, 0, card));
  if (ofKey !== undefined && ofKey.card !== request.card) return { kind: 'key-reused' };
  const linked =
    ofKey ?? member.cards.find(({ card, left }) => card === request.card && left === null);
  return linked === undefined ? undefined : answerOf(linked, true);
};

/** Now; or, by a clock that is behind, the moment at which the one before left it. */
const nobodysSince = async (
  { db, clock }: Parts,
  program: ProgramId,
  card: CardToken,
): Promise<Instant> => {
  const [now, left] = [clock(), (await leftUntil(db, program, [card])).get(card)];
  return left !== undefined && left > now ? left : now;
};

/** One attempt; undefined: the stream moved on meanwhile, look again. */
const attempt = async (parts: Parts, request: LinkRequest): Promise<LinkAnswer | undefined> => {
  const { program, member: id, card, fact, context } = request;
  const stream = memberStream(program, id);
  const events: RecordedEvent[] = [];
  for await (const event of parts.store.readStream(stream)) events.push(event);
  const member = foldMember(events);
  if (member === undefined) return { kind: 'member-unknown' };
  const before = answerFromStream(member, request);
  if (before !== undefined) {
    await restore(parts.db, events);
    return before;
  }

  const { account } = member;
  const since = await nobodysSince(parts, program, card);
  await insertCards(parts.db, program, [
    { program, member: id, account, card, since, fact, ordinal: 0, context },
  ]);
  const row = await rowFor(parts.db, request);
  if (row === undefined) return undefined;
  if (row.card !== card) return { kind: 'key-reused' };
  if (row.member !== id) return { kind: 'card-linked-elsewhere' };

  // The row may be older than this request: one that was cut off. Its own words are what the event says.
  const link = { program, member: id, account, card, since: row.since };
  const event = cardLinkedEvent(
    fact,
    0,
    link,
    metadata(context, { program, occurredAt: row.since }, parts.clock),
  );
  const result = await parts.store.append([{ stream, expected: member.revision, events: [event] }]);
  if (result.kind === 'conflict') return undefined;
  await parts.db.query(
    'update cards set appended = true where program = $1 and card = $2 and member = $3 and not appended',
    [program, card, id],
  );
  const { position } = result;
  return {
    kind: 'linked',
    known: result.kind === 'unchanged',
    card,
    account,
    since: row.since,
    position,
  };
};

/**
 * Links a card to a member. The card's row is written first, whose key is the card: of two who link one card at once,
 * in whatever process, one is refused. The event follows; after a crash between the two, the same request ends it.
 */
export const linkCard = async (parts: Parts, request: LinkRequest): Promise<LinkAnswer> => {
  for (let rounds = 0; rounds < roundsMax; rounds += 1) {
    const linked = await attempt(parts, request);
    if (linked !== undefined) return linked;
  }
  throw new Error(`the member's stream moved on in each of ${roundsMax} rounds`);
};
