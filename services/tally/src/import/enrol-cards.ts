import { createHash } from 'node:crypto';
import { z } from 'zod';
import { exitCodes, Failure } from '../exit-codes.js';
import { boundedSet } from '../reading/bounded-set.js';
import type { Client } from '../system/client.js';
import { failureOf, problemOf } from '../system/problem.js';

/** Cards remembered as enrolled. One that is forgotten is enrolled again, which changes nothing. */
const cardsRememberedMax = 200_000;

const enrolled = z.object({
  items: z.array(
    z.union([
      z.looseObject({ status: z.union([z.literal(200), z.literal(201)]) }),
      z.looseObject({ status: z.int().min(400), problem: z.looseObject({}) }),
    ]),
  ),
  position: z.string().nullable(),
});

/** A card at the moment of its first receipt. */
export interface SeenCard {
  readonly card: string;
  /** RFC 3339: since when the card is its member's. */
  readonly since: string;
}

export interface EnrolCounts {
  enrolled: number;
  alreadyEnrolled: number;
  /** Numbers that enrollment does not take. */
  notEnrolled: number;
}

/**
 * Enrols the cards of a batch that this import has not seen, and answers the position that the receipts must wait for;
 * null: nothing to wait for. A card is its member's since its first receipt: so the same file enrols the same, whenever
 * it is imported and however often it is cut off.
 */
export type EnrolCards = (cards: readonly SeenCard[]) => Promise<string | null>;

/** The same on every import. Enrolling again with it changes nothing; the number is not in it, and cannot be logged. */
export const enrolmentKey = (program: string, card: string): string =>
  `card:${createHash('sha256').update(`${program}\0${card}`).digest('hex')}`;

export const cardEnroller = (
  client: Client,
  program: string,
  counts: EnrolCounts,
  now: () => number,
): EnrolCards => {
  const known = boundedSet(cardsRememberedMax);
  return async (seen) => {
    const fresh = new Map<string, SeenCard>();
    for (const at of seen) if (!known.has(at.card) && !fresh.has(at.card)) fresh.set(at.card, at);
    if (fresh.size === 0) return null;

    const cards = [...fresh.values()];
    const answer = await client.call({
      service: 'enrollment',
      method: 'POST',
      path: '/v1/members/batch',
      body: JSON.stringify({
        program,
        items: cards.map(({ card, since }) => ({
          key: enrolmentKey(program, card),
          cards: [card],
          // A day without a time may lie ahead by some hours, and nobody is a member from then.
          ...(Date.parse(since) > now() ? {} : { from: since }),
        })),
      }),
      answer: enrolled,
      // Accrual knows the programme; enrollment is about to hear of it.
      isForLater: (answered) =>
        answered.ok
          ? answered.value.items.some(({ status }) => status >= 500)
          : answered.error.type === 'program-unknown',
    });
    if (!answer.ok) throw failureOf('the cards cannot be enrolled', answer.error);
    const { items, position } = answer.value.value;
    if (items.length !== cards.length)
      throw new Failure(
        exitCodes.failed,
        `enrollment answers ${items.length} of ${cards.length} cards`,
      );

    for (const [index, item] of items.entries()) {
      if (item.status === 201) counts.enrolled += 1;
      else if (item.status === 200 || isSomeonesAlready(item.status)) counts.alreadyEnrolled += 1;
      else if (item.status !== 400)
        throw failureOf(
          'a card cannot be enrolled',
          problemOf(item.status, 'problem' in item ? item.problem : null),
        );
      // Enrollment does not take such a number: its receipts wait, and the others go on.
      else counts.notEnrolled += 1;
      const card = cards[index]?.card;
      if (card !== undefined) known.add(card);
    }
    return position;
  };
};

/** 409: another way led the card to a member; 422: the same key, from an earlier receipt of another file. */
const isSomeonesAlready = (status: number): boolean => status === 409 || status === 422;
