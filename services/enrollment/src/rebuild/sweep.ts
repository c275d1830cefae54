import {
  addMs,
  cardToken,
  memberId,
  programId,
  type FactId,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import type { RecordedEvent } from '@tallystick/event-store';
import { z } from 'zod';
import { appendPins } from '../enrol/append-pins.js';
import { linkCard, type LinkRequest } from '../link-card/link.js';
import { memberStream } from '../member/ids.js';
import { requestContext, unfinishedPins, type Pin } from '../member/pins.js';
import { restore } from '../member/restore.js';
import type { Parts } from '../parts.js';

/** A request that is older than this has ended, one way or another. */
const requestLastsMs = 60_000;
const limit = 500;

const byProgram = (pins: readonly Pin[]): Map<ProgramId, Pin[]> => {
  const groups = new Map<ProgramId, Pin[]>();
  for (const pin of pins) groups.set(pin.program, [...(groups.get(pin.program) ?? []), pin]);
  return groups;
};

/** The events of a member whose stream is there say what is true; cards that they do not name were never linked. */
const believeStream = async (
  parts: Parts,
  pin: Pin,
  events: readonly RecordedEvent[],
): Promise<void> => {
  await restore(parts.db, events);
  await parts.db.query(
    'delete from cards where program = $1 and member = $2 and ordinal > 0 and not appended',
    [pin.program, pin.member],
  );
};

const finishEnrolments = async (parts: Parts, olderThan: Instant): Promise<number> => {
  const pins = await unfinishedPins(parts.db, olderThan, limit);
  for (const [program, group] of byProgram(pins)) {
    const streams = await parts.store.readStreams(
      group.map(({ member }) => memberStream(program, member)),
    );
    const fresh: Pin[] = [];
    for (const pin of group) {
      const events = streams.get(memberStream(program, pin.member));
      if (events === undefined) fresh.push(pin);
      else await believeStream(parts, pin, events);
    }
    // A conflict means that the request itself came back: it ends what it began.
    await appendPins(parts, program, fresh);
  }
  return pins.length;
};

const unfinishedLink = z
  .object({
    program: z.string().transform(programId),
    member: z.string().transform(memberId),
    card: z.string().transform(cardToken),
    fact: z.custom<FactId>((value) => typeof value === 'string'),
    context: requestContext,
  })
  .transform((row): LinkRequest => row);

const finishLinks = async (parts: Parts, olderThan: Instant): Promise<number> => {
  const { rows } = await parts.db.query(
    `select c.program, c.member, c.card, c.fact, c.context from cards c
       join members m using (program, member)
      where not c.appended and c.ordinal = 0 and m.appended and c.written_at < $1
      order by c.written_at limit $2`,
    [olderThan, limit],
  );
  const links = z.array(unfinishedLink).parse(rows);
  for (const link of links) await linkCard(parts, link);
  return links.length;
};

/**
 * Ends what a crash cut off between a row and its event, if nobody repeats the request. Returns how many there were.
 * Safe beside requests and beside other sweeps: the events have the same ids whoever appends them.
 */
export const sweep = async (parts: Parts): Promise<number> => {
  const olderThan = addMs(parts.clock(), -requestLastsMs);
  return (await finishEnrolments(parts, olderThan)) + (await finishLinks(parts, olderThan));
};
