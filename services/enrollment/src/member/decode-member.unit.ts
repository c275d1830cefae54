import { describe, expect, it } from '@jest/globals';
import type { EventMetadata, NewEvent, RecordedEvent } from '@tallystick/event-store';
import { accountId, cardToken, factId, instant, memberId, programId } from '@tallystick/kernel';
import { decodeMemberEvent, foldMember, isLinkOf } from './decode-member.js';
import { cardLinkedEvent, enrolmentEvents } from './events.js';
import { memberStream } from './ids.js';

const program = programId('p');
const member = memberId('m');
const account = accountId('a');
const since = instant('2026-01-31T09:30:00Z');
const metadata: EventMetadata = {
  program,
  occurredAt: since,
  recordedAt: since,
  actor: 'store:s',
  correlationId: 'c',
};
const [one, two, three] = [cardToken('one'), cardToken('two'), cardToken('three')];
const enrolment = { program, member, account, shared: false, since, cards: [one, two] };
const laterFact = factId('cardlink', 'p', 'm', 'k');
const later = cardLinkedEvent(
  laterFact,
  0,
  { program, member, account, card: three, since },
  metadata,
);
const recorded = (events: readonly NewEvent[]): RecordedEvent[] =>
  events.map((event, revision) => ({
    ...event,
    stream: memberStream(program, member),
    revision,
    position: BigInt(100 + revision),
  }));

describe('a member folded from its stream', () => {
  const folded = foldMember(recorded([...enrolmentEvents(enrolment, metadata), later]));

  it('tells the cards of the enrolment from those of later', () => {
    expect(folded?.enrolledWith.map(({ card }) => card)).toEqual([one, two]);
    expect(folded?.cards.map(({ card }) => card)).toEqual([one, two, three]);
    expect(folded?.enrolledAt).toBe(102n);
    expect(folded?.revision).toBe(3);
  });

  it('knows a link by its fact', () => {
    const link = folded?.cards[2];
    expect(link !== undefined && isLinkOf(laterFact, 0, link)).toBe(true);
    expect(link !== undefined && isLinkOf(factId('cardlink', 'p', 'm', 'other'), 0, link)).toBe(
      false,
    );
  });

  it('is nobody when the stream is empty', () => {
    expect(foldMember([])).toBeUndefined();
  });
});

describe('an event that this release does not know', () => {
  const [event] = recorded([later]);

  it.each([{ type: 'MemberErased' }, { schemaVersion: 2 }])('stops the reader: %j', (change) => {
    if (event === undefined) throw new Error('no event');
    expect(() => decodeMemberEvent({ ...event, ...change })).toThrow('newer release');
  });
});
