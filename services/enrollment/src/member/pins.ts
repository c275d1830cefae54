import type { PoolClient } from 'pg';
import {
  accountId,
  cardToken,
  memberId,
  programId,
  type CardToken,
  type Instant,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { RequestContext } from '@tallystick/service-host';
import type { Sealed } from '@tallystick/sealing';
import { z } from 'zod';
import type { CardLink, Enrolment } from './events.js';
import { enrolmentFact } from './ids.js';
import { storedInstant } from './stored-instant.js';

type Queryable = Database | PoolClient;

/** An enrolment as the tables hold it, in the store already or not yet. */
export interface Pin extends Enrolment {
  /** What the first request for it said of itself. */
  readonly context: RequestContext;
  readonly personal: Sealed | null;
  /** Made again from the store: what was personal could not be. */
  readonly rebuilt: boolean;
  /** Set, changed or forgotten since: what the enrolment said of it counts no more. */
  readonly birthdayChanged: boolean;
  readonly appended: boolean;
}

/** What a request said of itself, as rows keep it. */
export const requestContext = z.object({
  correlationId: z.string(),
  traceparent: z.string(),
  actor: z.string(),
});

const sealedRow = {
  master_key_id: z.string().nullable(),
  wrapped_key: z.instanceof(Buffer).nullable(),
  personal: z.instanceof(Buffer).nullable(),
};
/** The columns of what is sealed of a member, without those of anything else. */
export const sealedColumns = Object.keys(sealedRow).join(', ');

const sealedIn = ({
  master_key_id,
  wrapped_key,
  personal,
}: z.output<z.ZodObject<typeof sealedRow>>): Sealed | null =>
  master_key_id === null || wrapped_key === null || personal === null
    ? null
    : { masterKeyId: master_key_id, wrappedKey: wrapped_key, box: personal };

/** What is sealed in rows of `member` and `sealedColumns`, by member; without those of whom nothing is. */
export const sealedOf = (rows: readonly unknown[]): ReadonlyMap<MemberId, Sealed> =>
  new Map(
    z
      .array(z.object({ member: z.string().transform(memberId), ...sealedRow }))
      .parse(rows)
      .flatMap((row) => {
        const sealed = sealedIn(row);
        return sealed === null ? [] : [[row.member, sealed]];
      }),
  );

const memberRow = z
  .object({
    program: z.string().transform(programId),
    member: z.string().transform(memberId),
    account: z.string().transform(accountId),
    shared: z.boolean(),
    since: storedInstant,
    context: requestContext,
    ...sealedRow,
    rebuilt: z.boolean(),
    birthday_changed: z.boolean(),
    appended: z.boolean(),
    cards: z.array(z.string().transform(cardToken)),
  })
  .transform(({ master_key_id, wrapped_key, personal, birthday_changed, ...row }): Pin => ({
    ...row,
    birthdayChanged: birthday_changed,
    personal: sealedIn({ master_key_id, wrapped_key, personal }),
  }));

/** A member's row with the cards that it was enrolled with, in order. */
const pinColumns = `m.program, m.member, m.account, m.shared, m.since, m.context, m.master_key_id, m.wrapped_key, m.personal,
  m.rebuilt, m.birthday_changed, m.appended,
  array(select c.card from cards c
         where c.program = m.program and c.member = m.member and c.ordinal > 0 order by c.ordinal) as cards`;

/** The rows of these members, by member. */
export const pinsOf = async (
  db: Queryable,
  program: ProgramId,
  members: readonly MemberId[],
): Promise<ReadonlyMap<MemberId, Pin>> => {
  const { rows } = await db.query(
    `select ${pinColumns} from members m where m.program = $1 and m.member = any($2)`,
    [program, members],
  );
  return new Map(
    z
      .array(memberRow)
      .parse(rows)
      .map((pin) => [pin.member, pin]),
  );
};

/** Members whose events may be missing for longer than a request takes. */
export const unfinishedPins = async (
  db: Queryable,
  olderThan: Instant,
  limit: number,
): Promise<readonly Pin[]> => {
  const { rows } = await db.query(
    `select ${pinColumns} from members m where not m.appended and m.written_at < $1 order by m.written_at limit $2`,
    [olderThan, limit],
  );
  return z.array(memberRow).parse(rows);
};

/** Whom each of these cards leads to, or is being linked to. */
export const ownersOf = async (
  db: Queryable,
  program: ProgramId,
  cards: readonly CardToken[],
): Promise<ReadonlyMap<CardToken, MemberId>> => {
  const { rows } = await db.query(
    'select card, member from cards where program = $1 and card = any($2)',
    [program, cards],
  );
  const owner = z.object({ card: z.string(), member: z.string() });
  return new Map(
    z
      .array(owner)
      .parse(rows)
      .map(({ card, member }) => [cardToken(card), memberId(member)]),
  );
};

/** Writes member rows; gives those that were not there. In the order of their ids, so that two batches never wait for each other in a ring. */
export const insertMembers = async (
  db: Queryable,
  program: ProgramId,
  pins: readonly Pin[],
): Promise<ReadonlySet<MemberId>> => {
  const sorted = [...pins].sort((a, b) => (a.member < b.member ? -1 : 1));
  const column = <T>(of: (pin: Pin) => T): T[] => sorted.map(of);
  const { rows } = await db.query(
    `insert into members (program, member, account, since, context, master_key_id, wrapped_key, personal, shared)
     select $1, t.* from unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::bytea[], $8::bytea[],
       $9::boolean[]) t
     on conflict do nothing returning member`,
    [
      program,
      column((pin) => pin.member),
      column((pin) => pin.account),
      column((pin) => pin.since),
      column((pin) => JSON.stringify(pin.context)),
      column((pin) => pin.personal?.masterKeyId ?? null),
      column((pin) => pin.personal?.wrappedKey ?? null),
      column((pin) => pin.personal?.box ?? null),
      column((pin) => pin.shared),
    ],
  );
  const inserted = z.array(z.object({ member: z.string() })).parse(rows);
  return new Set(inserted.map(({ member }) => memberId(member)));
};

/** A card as its row holds it. */
export interface CardPin extends CardLink {
  readonly fact: string;
  /** 1, 2, … for the cards of an enrolment; 0 for one that was linked later. */
  readonly ordinal: number;
  readonly context: RequestContext;
}

/** The card rows of enrolments. */
export const cardPinsOf = (pins: readonly Pin[]): CardPin[] =>
  pins.flatMap((pin) =>
    pin.cards.map((card, index) => ({
      program: pin.program,
      member: pin.member,
      account: pin.account,
      since: pin.since,
      context: pin.context,
      fact: enrolmentFact(pin.program, pin.member),
      card,
      ordinal: index + 1,
    })),
  );

/** Until when each of these cards led to those who have it no more: the last of them. */
export const leftUntil = async (
  db: Queryable,
  program: ProgramId,
  cards: readonly CardToken[],
): Promise<ReadonlyMap<CardToken, Instant>> => {
  const { rows } = await db.query(
    'select card, max(until) as until from left_cards where program = $1 and card = any($2) group by card',
    [program, cards],
  );
  const row = z.object({ card: z.string().transform(cardToken), until: storedInstant });
  return new Map(
    z
      .array(row)
      .parse(rows)
      .map(({ card, until }) => [card, until]),
  );
};

/** Writes card rows, in the order of their tokens; gives those that were not there, and that nobody has had since. */
export const insertCards = async (
  db: Queryable,
  program: ProgramId,
  pins: readonly CardPin[],
): Promise<ReadonlySet<CardToken>> => {
  const sorted = [...pins].sort((a, b) => (a.card < b.card ? -1 : 1));
  const column = <T>(of: (pin: CardPin) => T): T[] => sorted.map(of);
  const { rows } = await db.query(
    `insert into cards (program, card, member, account, since, fact, ordinal, context)
     select $1, t.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::jsonb[])
       as t(card, member, account, since, fact, ordinal, context)
      where not exists (select from left_cards l
                         where l.program = $1 and l.card = t.card and l.until > t.since)
     on conflict do nothing returning card`,
    [
      program,
      column((pin) => pin.card),
      column((pin) => pin.member),
      column((pin) => pin.account),
      column((pin) => pin.since),
      column((pin) => pin.fact),
      column((pin) => pin.ordinal),
      column((pin) => JSON.stringify(pin.context)),
    ],
  );
  const inserted = z.array(z.object({ card: z.string() })).parse(rows);
  return new Set(inserted.map(({ card }) => cardToken(card)));
};
