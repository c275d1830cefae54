import { birthdayChanged, birthdayStream, type BirthdayChanged } from '@tallystick/contracts';
import { newEvent, type RecordedEvent } from '@tallystick/event-store';
import { factId, type MemberId, type ProgramId } from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import { metadata, type RequestContext } from '@tallystick/service-host';
import { openPersonal, sealPersonal, withBirthday } from '../member/personal.js';
import { sealedColumns, sealedOf } from '../member/pins.js';
import { rowOf } from '../read-member/read.js';
import type { Parts } from '../parts.js';

/** The newest schema version of BirthdayChanged that this release understands. */
const understood = 1;

export interface ChangeBirthday {
  readonly program: ProgramId;
  readonly member: MemberId;
  /** Null: it is to be forgotten. */
  readonly day: string | null;
  readonly context: RequestContext;
}

export type BirthdayChange = 'changed' | 'same' | 'member-unknown';

/**
 * Sets a member's birthday, or forgets it. The day is sealed with what else is personal, and goes nowhere else: the event says that it was
 * changed and by whom. It is written first: after a crash between the two the same request tells it once more.
 */
export const changeBirthday = async (
  parts: Parts,
  { program, member, day, context }: ChangeBirthday,
): Promise<BirthdayChange> => {
  // A row that was lost is made again first.
  if ((await rowOf(parts, program, member)) === undefined) return 'member-unknown';
  const of = { program, member };
  return transaction(parts.db, async (tx): Promise<BirthdayChange> => {
    const { rows } = await tx.query(
      `select member, ${sealedColumns} from members where program = $1 and member = $2 for update`,
      [program, member],
    );
    const sealed = sealedOf(rows).get(member);
    const before = sealed === undefined ? null : openPersonal(parts.masterKeys, of, sealed);
    if ((before?.birthday ?? null) === day) return 'same';
    await tell(parts, { ...of, kept: day !== null }, context);
    const personal = withBirthday(before, day);
    const now = personal === null ? null : sealPersonal(parts.masterKeys, of, personal);
    await tx.query(
      `update members set master_key_id = $3, wrapped_key = $4, personal = $5, birthday_changed = true
        where program = $1 and member = $2`,
      [program, member, now?.masterKeyId ?? null, now?.wrappedKey ?? null, now?.box ?? null],
    );
    return 'changed';
  });
};

/** Whoever tells holds the member's row: nobody else writes this stream meanwhile. */
const tell = async (
  { store, clock }: Parts,
  data: BirthdayChanged & { readonly program: ProgramId; readonly member: MemberId },
  context: RequestContext,
): Promise<void> => {
  const { program, member } = data;
  const stream = birthdayStream(program, member);
  const last = (await store.readStreams([stream])).get(stream)?.at(-1);
  const next = (last?.revision ?? -1) + 1;
  const event = newEvent(
    factId('birthday', program, member, String(next)),
    0,
    { type: 'BirthdayChanged', data },
    metadata(context, { program, occurredAt: clock() }, clock),
  );
  const expected = last === undefined ? 'noStream' : last.revision;
  const result = await store.append([{ stream, expected, events: [event] }]);
  if (result.kind === 'conflict')
    throw new Error(`${stream} was written by somebody who did not hold the member's row`);
};

/** Every change after the enrolment, in order: who made it, and whether a birthday is kept since. Null: there is no such member. */
export const changesOf = async (
  parts: Parts,
  program: ProgramId,
  member: MemberId,
): Promise<readonly { readonly kept: boolean; readonly event: RecordedEvent }[] | null> => {
  if ((await rowOf(parts, program, member)) === undefined) return null;
  const stream = birthdayStream(program, member);
  const events = (await parts.store.readStreams([stream])).get(stream) ?? [];
  return events.map((event) => {
    if (event.type !== 'BirthdayChanged' || event.schemaVersion > understood)
      throw new Error(`${stream} holds ${event.type}: a newer release wrote it`);
    return { kept: birthdayChanged.parse(JSON.parse(event.data)).kept, event };
  });
};
