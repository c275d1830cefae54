import type { PoolClient } from 'pg';
import type { AccountId, CardToken, Instant, MemberId, ProgramId } from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import type { RequestContext } from '@tallystick/service-host';
import {
  openPersonal,
  samePersonal,
  sealPersonal,
  withBirthday,
  type PersonalData,
} from '../member/personal.js';
import {
  cardPinsOf,
  insertCards,
  insertMembers,
  leftUntil,
  ownersOf,
  pinsOf,
  type Pin,
} from '../member/pins.js';
import { successorOf } from '../hear-merges/merges.js';
import type { Parts } from '../parts.js';
import type { EnrolRefusal, Wanted } from './wanted.js';

/** What the tables say of a wanted enrolment whose stream is empty. */
export type Claim =
  | { readonly kind: 'claimed'; readonly pin: Pin }
  | EnrolRefusal
  /** Someone else is at it, in this batch or in another process: look again. */
  | { readonly kind: 'later' };

/**
 * Whether the personal data of a request is what a row holds. A row that was made again from the store holds none, and takes any; of a
 * birthday that was changed since, nothing is said.
 */
export const personalAgrees = (
  parts: Parts,
  pin: Pin | undefined,
  wanted: PersonalData | null,
): boolean => {
  if (pin === undefined || isLost(pin)) return true;
  const kept = pin.personal === null ? null : openPersonal(parts.masterKeys, pin, pin.personal);
  return pin.birthdayChanged
    ? samePersonal(withBirthday(kept, null), withBirthday(wanted, null))
    : samePersonal(kept, wanted);
};

/** Whether what was personal is gone, and a repeated enrolment may bring it back. */
export const isLost = ({ rebuilt, personal, birthdayChanged }: Pin): boolean =>
  rebuilt && personal === null && !birthdayChanged;

const agrees = (parts: Parts, pin: Pin, wanted: Wanted): boolean =>
  pin.account === wanted.account &&
  pin.cards.length === wanted.cards.length &&
  pin.cards.every((card, index) => card === wanted.cards[index]) &&
  (wanted.since === null || wanted.since === pin.since) &&
  personalAgrees(parts, pin, wanted.personal);

/** From when on its cards lead to its account; null: it names a time at which one of them still led to another. */
const beginningOf = (
  { cards, since }: Wanted,
  left: ReadonlyMap<CardToken, Instant>,
  now: Instant,
): Instant | null => {
  const freeFrom = cards.flatMap((card) => left.get(card) ?? []);
  if (since !== null) return freeFrom.some((until) => since < until) ? null : since;
  return freeFrom.reduce((latest, until) => (until > latest ? until : latest), now);
};

/** Why nobody can share this account; null: it can be shared. */
const notToShare = async (
  tx: PoolClient,
  program: ProgramId,
  account: AccountId,
): Promise<EnrolRefusal | null> => {
  const { rowCount } = await tx.query(
    'select from members where program = $1 and account = $2 limit 1',
    [program, account],
  );
  if (rowCount === 0) return { kind: 'account-unknown' };
  const successor = await successorOf(tx, program, account);
  return successor === null ? null : { kind: 'account-merged', successor };
};

/** The first of those who want a card has it for now; the others look again when that is decided. */
const withoutRivals = <One extends Wanted>(wanted: readonly One[]): One[] => {
  const taken = new Set<CardToken>();
  return wanted.filter(({ cards }) => {
    if (cards.some((card) => taken.has(card))) return false;
    for (const card of cards) taken.add(card);
    return true;
  });
};

/** Writes the rows of new pins; gives those that are written whole. Takes back what another process was faster with. */
const write = async (
  tx: PoolClient,
  program: ProgramId,
  pins: readonly Pin[],
): Promise<readonly Pin[]> => {
  const members = await insertMembers(tx, program, pins);
  const begun = pins.filter(({ member }) => members.has(member));
  const cards = await insertCards(tx, program, cardPinsOf(begun));
  const whole = begun.filter((pin) => pin.cards.every((card) => cards.has(card)));
  const lost = begun.filter((pin) => !whole.includes(pin)).map(({ member }) => member);
  if (lost.length > 0) {
    await tx.query('delete from cards where program = $1 and member = any($2)', [program, lost]);
    await tx.query('delete from members where program = $1 and member = any($2)', [program, lost]);
  }
  return whole;
};

/**
 * Writes down, in one transaction, who is to be enrolled and which cards lead to them, before any event says so: the
 * table's keys make a card lead to one account, whoever else is linking it at this moment. What is written stays: the
 * events are made of it, by this request, its repetition or the sweep.
 */
export const claim = (
  parts: Parts,
  program: ProgramId,
  wanted: readonly Wanted[],
  context: RequestContext,
  now: Instant,
): Promise<ReadonlyMap<MemberId, Claim>> =>
  transaction(parts.db, async (tx) => {
    const claims = new Map<MemberId, Claim>(
      wanted.map(({ member }) => [member, { kind: 'later' }]),
    );
    const pinned = await pinsOf(
      tx,
      program,
      wanted.map(({ member }) => member),
    );
    const owners = await ownersOf(
      tx,
      program,
      wanted.flatMap(({ cards }) => cards),
    );
    // After the owners: who is freed in between is nobody's by now, and this says since when.
    const left = await leftUntil(
      tx,
      program,
      wanted.flatMap(({ cards }) => cards),
    );
    const free: (Wanted & { readonly begins: Instant })[] = [];
    for (const item of wanted) {
      const pin = pinned.get(item.member);
      const begins = beginningOf(item, left, now);
      if (pin !== undefined)
        claims.set(
          item.member,
          agrees(parts, pin, item) ? { kind: 'claimed', pin } : { kind: 'key-reused' },
        );
      else if (item.cards.some((card) => ![undefined, item.member].includes(owners.get(card))))
        claims.set(item.member, { kind: 'card-linked-elsewhere' });
      else if (begins === null) claims.set(item.member, { kind: 'card-linked-elsewhere' });
      // Its own card without its own pin: the pin was written between the two looks.
      else if (!item.cards.some((card) => owners.has(card))) {
        const refusal = item.shared ? await notToShare(tx, program, item.account) : null;
        if (refusal === null) free.push({ ...item, begins });
        else claims.set(item.member, refusal);
      }
    }
    const pins = withoutRivals(free).map((item): Pin => ({
      program,
      member: item.member,
      account: item.account,
      shared: item.shared,
      since: item.begins,
      cards: item.cards,
      context,
      personal:
        item.personal === null
          ? null
          : sealPersonal(parts.masterKeys, { program, member: item.member }, item.personal),
      rebuilt: false,
      birthdayChanged: false,
      appended: false,
    }));
    for (const pin of await write(tx, program, pins))
      claims.set(pin.member, { kind: 'claimed', pin });
    return claims;
  });
