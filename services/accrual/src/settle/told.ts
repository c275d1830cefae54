import {
  attributeAt,
  attributesSet,
  attributeStream,
  type AttributeValue,
  type Telling,
} from '@tallystick/contracts';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import {
  dayAt,
  instant,
  timeZone,
  WrittenByNewer,
  type Instant,
  type StreamName,
} from '@tallystick/kernel';
import type { Account } from '@tallystick/ledger';
import { isReceipt, ownerAt, type Fact } from '@tallystick/receipts';
import {
  attributesAsked,
  birthdayAsked,
  isOfType,
  type Rulebook,
  type ToldAttributes,
} from '@tallystick/rulebook';
import type { BirthdayQuestion } from './birthdays.js';
import type { Workspace } from './workspace.js';

/**
 * What enrollment has told of a member, as its own stream has it when a fact is rated; of birthdays, which no stream tells, what it was
 * asked (`loadToRate`). An account's member is the one for whom it was opened: others who share it have no attributes.
 */

/** The newest schema version of AttributesSet that this release understands. */
const understood = 1;

/** Throws `WrittenByNewer` for an event that this release does not know: it must not rate by half of what was told. */
export const tellingsOf = (events: readonly RecordedEvent[]): readonly Telling[] =>
  events.map(({ stream, type, schemaVersion, data }) => {
    if (type !== 'AttributesSet' || schemaVersion > understood)
      throw new WrittenByNewer(`event ${type} of ${stream}`, schemaVersion);
    const { from, attributes } = attributesSet.parse(JSON.parse(data));
    return { from: instant(from), attributes };
  });

export const asksOfMembers = (book: Rulebook): boolean => attributesAsked(book).size > 0;

type Opened = Pick<Account, 'opened'>;

/** Where it is told of an account's member; null: nobody has opened it. */
export const memberStreamOf = ({ opened }: Opened): StreamName | null =>
  opened === null ? null : attributeStream(opened.program, opened.member);

/**
 * What a rulebook asks of an account's member, as of a fact's moment. Costs nothing where it asks nothing. Throws `ServiceAway` where it asks for
 * a birthday and enrollment did not answer.
 */
export const toldOf = (
  workspace: Workspace,
  account: Opened,
  book: Rulebook,
  fact: Fact,
): ToldAttributes => {
  const stream = asksOfMembers(book) ? memberStreamOf(account) : null;
  const told = stream === null ? {} : askedOf(workspace.told(stream), book, fact.occurredAt);
  const question = birthdayQuestion(workspace, account, book, fact);
  return question === null
    ? told
    : { ...told, inBirthdayWindow: workspace.inBirthdayWindow(question) };
};

/**
 * What rating a fact needs to know of a birthday: of the member whose card was shown, or else of the one for whom the account was opened. Null: the
 * version asks nothing, or there is no member. Partners' events are rated without conditions.
 */
export const birthdayQuestion = (
  workspace: Pick<Workspace, 'card'>,
  { opened }: Opened,
  book: Rulebook,
  fact: Fact,
): BirthdayQuestion | null => {
  const window = isReceipt(fact) ? birthdayAsked(book) : null;
  if (window === null || !isReceipt(fact)) return null;
  const { program, card, occurredAt } = fact;
  const shown = card === null ? null : ownerAt(workspace.card(program, card), occurredAt);
  const member = shown?.member ?? opened?.member;
  return member === undefined
    ? null
    : { program, window, member, day: dayAt(occurredAt, timeZone(book.timeZone)) };
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
