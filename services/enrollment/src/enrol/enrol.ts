import { canonicalJson, type RecordedEvent } from '@tallystick/event-store';
import type { MemberId, ProgramId } from '@tallystick/kernel';
import type { RequestContext } from '@tallystick/service-host';
import { foldMember, type Member } from '../member/decode-member.js';
import { memberStream } from '../member/ids.js';
import { sealPersonal } from '../member/personal.js';
import { pinsOf, type Pin } from '../member/pins.js';
import { restore } from '../member/restore.js';
import type { Parts } from '../parts.js';
import { appendPins } from './append-pins.js';
import { claim, isLost, personalAgrees } from './claim.js';
import type { EnrolAnswer, Wanted } from './wanted.js';

/** Rounds without an end mean that something is wrong: each one decides at least the first of those who compete. */
const roundsMax = 50;

/** The answer for a member whose stream is there: what it was enrolled with decides whether this is the same request. */
const answerKnown = (
  parts: Parts,
  wanted: Wanted,
  member: Member,
  pin: Pin | undefined,
): EnrolAnswer => {
  const same =
    wanted.account === member.account &&
    member.enrolledWith.length === wanted.cards.length &&
    member.enrolledWith.every(({ card }, index) => card === wanted.cards[index]) &&
    (wanted.since === null || wanted.since === member.since) &&
    personalAgrees(parts, pin, wanted.personal);
  if (!same) return { kind: 'key-reused' };
  const { account, enrolledWith, enrolledAt } = member;
  return {
    kind: 'enrolled',
    known: true,
    member: member.member,
    account,
    cards: enrolledWith.map(({ card, since }) => ({ card, since })),
    position: enrolledAt,
  };
};

/** Gives a row that was made again from the store the personal data that the repeated request brings. */
const refill = async (parts: Parts, program: ProgramId, wanted: Wanted): Promise<void> => {
  if (wanted.personal === null) return;
  const sealed = sealPersonal(
    parts.masterKeys,
    { program, member: wanted.member },
    wanted.personal,
  );
  await parts.db.query(
    `update members set master_key_id = $3, wrapped_key = $4, personal = $5
      where program = $1 and member = $2 and rebuilt and personal is null and not birthday_changed`,
    [program, wanted.member, sealed.masterKeyId, sealed.wrappedKey, sealed.box],
  );
};

/** Answers those whose streams are there, and mends their rows where a crash or a loss left them behind. */
const answerStreams = async (
  parts: Parts,
  program: ProgramId,
  wanted: readonly Wanted[],
  streams: ReadonlyMap<MemberId, readonly RecordedEvent[]>,
  answers: Map<MemberId, EnrolAnswer>,
): Promise<void> => {
  const there = wanted.filter(({ member }) => streams.has(member));
  if (there.length === 0) return;
  const pins = await pinsOf(
    parts.db,
    program,
    there.map(({ member }) => member),
  );
  const behind = there.filter(({ member }) => pins.get(member)?.appended !== true);
  if (behind.length > 0)
    await restore(
      parts.db,
      behind.flatMap(({ member }) => [...(streams.get(member) ?? [])]),
    );
  for (const item of there) {
    const member = foldMember(streams.get(item.member) ?? []);
    if (member === undefined)
      throw new Error(`the stream of ${item.member} begins without MemberEnrolled`);
    const pin = pins.get(item.member);
    const answer = answerKnown(parts, item, member, pin);
    answers.set(item.member, answer);
    const lost = pin === undefined || isLost(pin);
    if (lost && answer.kind === 'enrolled') await refill(parts, program, item);
  }
};

/** One look at everything that is still open; answers what it can. */
const round = async (
  parts: Parts,
  program: ProgramId,
  open: readonly Wanted[],
  context: RequestContext,
  answers: Map<MemberId, EnrolAnswer>,
): Promise<void> => {
  const read = await parts.store.readStreams(
    open.map(({ member }) => memberStream(program, member)),
  );
  const streams = new Map<MemberId, readonly RecordedEvent[]>();
  for (const { member } of open) {
    const events = read.get(memberStream(program, member));
    if (events !== undefined) streams.set(member, events);
  }
  await answerStreams(parts, program, open, streams, answers);
  const fresh = open.filter(({ member }) => !streams.has(member));
  if (fresh.length === 0) return;

  const pins: Pin[] = [];
  for (const [member, claimed] of await claim(parts, program, fresh, context, parts.clock())) {
    if (claimed.kind === 'claimed') pins.push(claimed.pin);
    else if (claimed.kind !== 'later') answers.set(member, claimed);
  }
  for (const { appended, position, known } of await appendPins(parts, program, pins))
    for (const { member, account, cards, since } of appended)
      answers.set(member, {
        kind: 'enrolled',
        known,
        member,
        account,
        cards: cards.map((card) => ({ card, since })),
        position,
      });
};

/**
 * Enrols members of one programme: one answer each, in order. What is asked for twice in one call is done once.
 * A few statements and one append for all of them, unless others compete for the same members or cards.
 */
export const enrol = async (
  parts: Parts,
  program: ProgramId,
  wanted: readonly Wanted[],
  context: RequestContext,
): Promise<readonly EnrolAnswer[]> => {
  const firsts = new Map<MemberId, Wanted>();
  for (const item of wanted) if (!firsts.has(item.member)) firsts.set(item.member, item);
  const answers = new Map<MemberId, EnrolAnswer>();
  let open = [...firsts.values()];
  for (let rounds = 0; open.length > 0; rounds += 1) {
    if (rounds === roundsMax)
      throw new Error(`${open.length} enrolments undecided after ${rounds} rounds`);
    await round(parts, program, open, context, answers);
    open = open.filter(({ member }) => !answers.has(member));
  }
  return wanted.map((item): EnrolAnswer => {
    const first = firsts.get(item.member);
    const answer = answers.get(item.member);
    if (first === undefined || answer === undefined)
      throw new Error('an enrolment without an answer');
    if (item === first) return answer;
    if (canonicalJson(item) !== canonicalJson(first)) return { kind: 'key-reused' };
    return answer.kind === 'enrolled' ? { ...answer, known: true } : answer;
  });
};
