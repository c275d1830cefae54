import type { PoolClient } from 'pg';
import type { CardToken, Instant, MemberId, ProgramId } from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import type { RequestContext } from '@tallystick/service-host';
import { openPersonal, samePersonal, sealPersonal, type PersonalData } from '../member/personal.js';
import {
  cardPinsOf,
  insertCards,
  insertMembers,
  ownersOf,
  pinsOf,
  type Pin,
} from '../member/pins.js';
import type { Parts } from '../parts.js';
import type { Wanted } from './wanted.js';

/** What the tables say of a wanted enrolment whose stream is empty. */
export type Claim =
  | { readonly kind: 'claimed'; readonly pin: Pin }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'card-linked-elsewhere' }
  /** Someone else is at it, in this batch or in another process: look again. */
  | { readonly kind: 'later' };

/** Whether the personal data of a request is what a row holds. A row that was made again from the store holds none, and takes any. */
export const personalAgrees = (
  parts: Parts,
  pin: Pin | undefined,
  wanted: PersonalData | null,
): boolean => {
  if (pin === undefined || (pin.rebuilt && pin.personal === null)) return true;
  if (pin.personal === null || wanted === null) return pin.personal === wanted;
  return samePersonal(openPersonal(parts.masterKeys, pin, pin.personal), wanted);
};

const agrees = (parts: Parts, pin: Pin, wanted: Wanted): boolean =>
  pin.cards.length === wanted.cards.length &&
  pin.cards.every((card, index) => card === wanted.cards[index]) &&
  (wanted.since === null || wanted.since === pin.since) &&
  personalAgrees(parts, pin, wanted.personal);

/** The first of those who want a card has it for now; the others look again when that is decided. */
const withoutRivals = (wanted: readonly Wanted[]): Wanted[] => {
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
    const free: Wanted[] = [];
    for (const item of wanted) {
      const pin = pinned.get(item.member);
      if (pin !== undefined)
        claims.set(
          item.member,
          agrees(parts, pin, item) ? { kind: 'claimed', pin } : { kind: 'key-reused' },
        );
      else if (item.cards.some((card) => ![undefined, item.member].includes(owners.get(card))))
        claims.set(item.member, { kind: 'card-linked-elsewhere' });
      // Its own card without its own pin: the pin was written between the two looks.
      else if (!item.cards.some((card) => owners.has(card))) free.push(item);
    }
    const pins = withoutRivals(free).map((item): Pin => ({
      program,
      member: item.member,
      account: item.account,
      since: item.since ?? now,
      cards: item.cards,
      context,
      personal:
        item.personal === null
          ? null
          : sealPersonal(parts.masterKeys, { program, member: item.member }, item.personal),
      rebuilt: false,
      appended: false,
    }));
    for (const pin of await write(tx, program, pins))
      claims.set(pin.member, { kind: 'claimed', pin });
    return claims;
  });
