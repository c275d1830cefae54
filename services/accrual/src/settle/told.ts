import {
  attributeAt,
  attributesSet,
  attributeStream,
  type AttributeValue,
  type Telling,
} from '@tallystick/contracts';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { instant, type Instant, type StreamName } from '@tallystick/kernel';
import type { Account } from '@tallystick/ledger';
import {
  attributesAsked,
  isOfType,
  type Rulebook,
  type ToldAttributes,
} from '@tallystick/rulebook';
import type { Workspace } from './workspace.js';

/**
 * What enrollment has told of a member, as its own stream has it when a fact is rated. An account's member is the one for whom it was
 * opened: others who share it have no attributes.
 */

/** The newest schema version of AttributesSet that this release understands. */
const understood = 1;

/** Throws on an event that this release does not know: it must not rate by half of what was told. */
export const tellingsOf = (events: readonly RecordedEvent[]): readonly Telling[] =>
  events.map(({ stream, type, schemaVersion, data }) => {
    if (type !== 'AttributesSet' || schemaVersion > understood)
      throw new Error(`${stream} holds ${type} of schema version ${schemaVersion}: upgrade`);
    const { from, attributes } = attributesSet.parse(JSON.parse(data));
    return { from: instant(from), attributes };
  });

export const asksOfMembers = (book: Rulebook): boolean => attributesAsked(book).size > 0;

type Opened = Pick<Account, 'opened'>;

/** Where it is told of an account's member; null: nobody has opened it. */
export const memberStreamOf = ({ opened }: Opened): StreamName | null =>
  opened === null ? null : attributeStream(opened.program, opened.member);

/** What a rulebook asks of an account's member, as of a moment. Costs nothing where it asks nothing. */
export const toldOf = (
  workspace: Workspace,
  account: Opened,
  book: Rulebook,
  at: Instant,
): ToldAttributes => {
  const stream = asksOfMembers(book) ? memberStreamOf(account) : null;
  return stream === null ? {} : askedOf(workspace.told(stream), book, at);
};

/** The same for who works without a workspace: read once, then asked for many moments. */
export const readTold = async (
  store: EventStore,
  account: Opened,
  book: Rulebook,
): Promise<(at: Instant) => ToldAttributes> => {
  const stream = asksOfMembers(book) ? memberStreamOf(account) : null;
  if (stream === null) return () => ({});
  const tellings = tellingsOf((await store.readStreams([stream])).get(stream) ?? []);
  return (at) => askedOf(tellings, book, at);
};

/** A value of another type than the version declares is not told: enrollment refuses it, unless a later version declares another. */
const askedOf = (tellings: readonly Telling[], book: Rulebook, at: Instant): ToldAttributes => {
  const told: Record<string, AttributeValue> = {};
  for (const [name, type] of attributesAsked(book)) {
    const value = attributeAt(tellings, name, at);
    if (value !== null && isOfType(value, type)) told[name] = value;
  }
  return told;
};
