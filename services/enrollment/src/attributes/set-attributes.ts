import {
  attributeAt,
  attributesSet,
  attributeStream,
  type AttributesSet,
  type AttributeValue,
} from '@tallystick/contracts';
import { canonicalJson, newEvent, type RecordedEvent } from '@tallystick/event-store';
import { factId, type Instant, type MemberId, type ProgramId } from '@tallystick/kernel';
import { metadata, type RequestContext } from '@tallystick/service-host';
import { decodeMemberEvent } from '../member/decode-member.js';
import { memberStream } from '../member/ids.js';
import { storedInstant } from '../member/stored-instant.js';
import type { Parts } from '../parts.js';

/** Others write to the same member's stream at the same moment: each round one of them wins. */
const roundsMax = 50;
/** The newest schema version of AttributesSet that this release understands. */
const understood = 1;

export type Attributes = Readonly<Record<string, AttributeValue | null>>;

export interface SetAttributes {
  readonly program: ProgramId;
  readonly member: MemberId;
  readonly attributes: Attributes;
  /** Since when; null: from now on. */
  readonly from: Instant | null;
  /** A token of the request's idempotency key. */
  readonly request: string;
  readonly context: RequestContext;
  /** Answers what would be, and writes nothing; the position is 0 then. */
  readonly dryRun?: boolean;
}

export type SetAnswer =
  | {
      readonly kind: 'set';
      /** Whether this request had been answered before, or would change nothing. */
      readonly known: boolean;
      readonly from: Instant;
      readonly position: bigint;
    }
  | { readonly kind: 'member-unknown' }
  /** It shares the account of another member, whose attributes are the account's. */
  | { readonly kind: 'account-shared' }
  | { readonly kind: 'key-reused' };

/** What one event says, and who told it when. */
export interface Told {
  readonly from: Instant;
  readonly attributes: Attributes;
  readonly request: string;
  readonly event: RecordedEvent;
}

/** Throws on an event that this release does not know: it must not decide on half of what is true. */
export const toldBy = (event: RecordedEvent): Told => {
  const { stream, type, schemaVersion, data } = event;
  if (type !== 'AttributesSet' || schemaVersion > understood)
    throw new Error(
      `${stream} holds ${type} of schema version ${schemaVersion}: a newer release wrote it`,
    );
  const { from, attributes, request } = attributesSet.parse(JSON.parse(data));
  return { from: storedInstant.parse(from), attributes, request, event };
};

/** A list is a set: what is the same said in another order is the same. */
export const ordered = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      Array.isArray(value) ? [...new Set(value)].sort() : value,
    ]),
  );

/** Whether it is told already, from that moment on, and nothing else later. */
const isTold = (told: readonly Told[], attributes: Attributes, from: Instant): boolean =>
  Object.entries(attributes).every(
    ([name, value]) =>
      canonicalJson(attributeAt(told, name, from)) === canonicalJson(value) &&
      !told.some((later) => later.from > from && Object.hasOwn(later.attributes, name)),
  );

/** One attempt; undefined: the stream moved on meanwhile, look again. */
const attempt = async (parts: Parts, wanted: SetAttributes): Promise<SetAnswer | undefined> => {
  const { program, member, request, context } = wanted;
  const stream = attributeStream(program, member);
  const own = memberStream(program, member);
  const read = await parts.store.readStreams([own, stream]);
  const first = read.get(own)?.[0];
  if (first === undefined) return { kind: 'member-unknown' };
  const begun = decodeMemberEvent(first);
  if (begun.type !== 'MemberEnrolled')
    throw new Error(`the stream of ${member} begins without MemberEnrolled`);
  if (begun.enrolled.shared) return { kind: 'account-shared' };

  const told = (read.get(stream) ?? []).map(toldBy);
  const attributes = ordered(wanted.attributes);
  const before = told.find((one) => one.request === request);
  if (before !== undefined) {
    const same =
      canonicalJson(before.attributes) === canonicalJson(attributes) &&
      (wanted.from === null || wanted.from === before.from);
    if (!same) return { kind: 'key-reused' };
    return { kind: 'set', known: true, from: before.from, position: before.event.position };
  }
  const from = wanted.from ?? parts.clock();
  const newest = told.at(-1);
  if (newest !== undefined && isTold(told, attributes, from))
    return { kind: 'set', known: true, from, position: newest.event.position };
  if (wanted.dryRun === true) return { kind: 'set', known: false, from, position: 0n };

  const data = { program, member, from, attributes: { ...attributes }, request };
  const event = newEvent(
    factId('attributes', program, member, request),
    0,
    { type: 'AttributesSet', data: data satisfies AttributesSet },
    metadata(context, { program, occurredAt: parts.clock() }, parts.clock),
  );
  const expected = newest === undefined ? 'noStream' : newest.event.revision;
  const result = await parts.store.append([{ stream, expected, events: [event] }]);
  if (result.kind === 'conflict') return undefined;
  return { kind: 'set', known: result.kind === 'unchanged', from, position: result.position };
};

/** Tells what is known of a member besides who it is: one event, which rules see from its moment on. */
export const setAttributes = async (parts: Parts, wanted: SetAttributes): Promise<SetAnswer> => {
  for (let rounds = 0; rounds < roundsMax; rounds += 1) {
    const answered = await attempt(parts, wanted);
    if (answered !== undefined) return answered;
  }
  throw new Error(`the member's attributes moved on in each of ${roundsMax} rounds`);
};

/** All that was ever told of a member, in order; null: there is no such member. */
export const toldOf = async (
  { store }: Parts,
  program: ProgramId,
  member: MemberId,
): Promise<readonly Told[] | null> => {
  const [own, stream] = [memberStream(program, member), attributeStream(program, member)];
  const read = await store.readStreams([own, stream]);
  return read.has(own) ? (read.get(stream) ?? []).map(toldBy) : null;
};
