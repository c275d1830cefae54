import type { RecordedEvent } from '@tallystick/event-store';
import {
  addMs,
  type AccountId,
  type CardToken,
  type FactId,
  type Instant,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import { metadata, type RequestContext } from '@tallystick/service-host';
import { foldMember, isUnlinkOf, type CardLeft, type LinkedCard } from '../member/decode-member.js';
import { cardUnlinkedEvent } from '../member/events.js';
import { memberStream } from '../member/ids.js';
import { restore } from '../member/restore.js';
import type { Parts } from '../parts.js';

/** Others write to the same member's stream at the same moment: each round one of them wins. */
const roundsMax = 50;

export interface UnlinkRequest {
  readonly program: ProgramId;
  readonly member: MemberId;
  readonly card: CardToken;
  /** Made of the request's idempotency key. */
  readonly fact: FactId;
  readonly context: RequestContext;
}

export type UnlinkAnswer =
  | {
      readonly kind: 'unlinked';
      /** Whether this request had been answered before. */
      readonly known: boolean;
      readonly account: AccountId;
      readonly since: Instant;
      readonly until: Instant;
      readonly position: bigint;
    }
  | { readonly kind: 'member-unknown' }
  /** It does not lead to this member's account: never did, or does no more. */
  | { readonly kind: 'card-unknown' }
  | { readonly kind: 'key-reused' };

const answerOf = (
  { account, since }: LinkedCard,
  { until }: CardLeft,
  position: bigint,
  known: boolean,
): UnlinkAnswer => ({ kind: 'unlinked', known, account, since, until, position });

/** One attempt; undefined: the stream moved on meanwhile, look again. */
const attempt = async (parts: Parts, request: UnlinkRequest): Promise<UnlinkAnswer | undefined> => {
  const { program, member: id, card, fact, context } = request;
  const stream = memberStream(program, id);
  const events: RecordedEvent[] = [];
  for await (const event of parts.store.readStream(stream)) events.push(event);
  const member = foldMember(events);
  if (member === undefined) return { kind: 'member-unknown' };
  const before = member.cards.find((linked) => isUnlinkOf(fact, linked));
  if (before !== undefined && before.left !== null) {
    await restore(parts.db, events);
    if (before.card !== card) return { kind: 'key-reused' };
    return answerOf(before, before.left, before.left.event.position, true);
  }

  const linked = member.cards.find((one) => one.card === card && one.left === null);
  if (linked === undefined) return { kind: 'card-unknown' };
  const now = parts.clock();
  // An interval has a length: whose card it was is told by its beginning.
  const until = now > linked.since ? now : addMs(linked.since, 1);
  const event = cardUnlinkedEvent(
    fact,
    linked,
    until,
    metadata(context, { program, occurredAt: until }, parts.clock),
  );
  const result = await parts.store.append([{ stream, expected: member.revision, events: [event] }]);
  if (result.kind === 'conflict') return undefined;
  const { position } = result;
  const recorded = { ...event, stream, revision: member.revision + 1, position };
  await restore(parts.db, [...events, recorded]);
  return answerOf(linked, { until, event: recorded }, position, result.kind === 'unchanged');
};

/**
 * Ends the link of a card: from now on it leads to nobody, until it is linked again. The event is written first, and then the row
 * given free; after a crash between the two the card stays taken until the same request comes again, or the rows are next compared with the store.
 */
export const unlinkCard = async (parts: Parts, request: UnlinkRequest): Promise<UnlinkAnswer> => {
  for (let rounds = 0; rounds < roundsMax; rounds += 1) {
    const unlinked = await attempt(parts, request);
    if (unlinked !== undefined) return unlinked;
  }
  throw new Error(`the member's stream moved on in each of ${roundsMax} rounds`);
};
