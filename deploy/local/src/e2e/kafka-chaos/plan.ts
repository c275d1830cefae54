import type { ReceiptV1Input } from '@tallystick/contracts';
import { line, receipt } from '../front-door/house.js';

/** A run of chaos: how much, and from which seed everything in it follows. */
export interface Plan {
  readonly messages: number;
  readonly cards: number;
  readonly seed: number;
  readonly rebalances: number;
  readonly brokerKills: number;
  readonly serviceKills: number;
}

export const faultsOf = ({ rebalances, brokerKills, serviceKills }: Plan): number =>
  rebalances + brokerKills + serviceKills;

export type Kind = 'fresh' | 'duplicate' | 'poison';

/** Per thousand messages. */
const duplicatesPerMille = 10;
const poisonPerMille = 1;
/** How far back the first delivery of a duplicate may lie, in messages. */
const duplicateReach = 2_000;

export const program = 'e2e-kafka-chaos';

/** What the messages of a run are, each computed from its number: nothing of them has to be kept. */
export interface Script {
  kindOf(message: number): Kind;
  /** The message whose receipt it carries: itself, or of a duplicate an earlier one. */
  originalOf(message: number): number;
  cardOf(message: number): number;
  /** What its receipt is worth: whole pounds. */
  pointsOf(message: number): number;
  valueOf(message: number): string;
  /** How many of each kind the whole run has. */
  readonly counts: Readonly<Record<Kind, number>>;
}

export const cardNumber = (card: number): string => `98271${String(card).padStart(8, '0')}`;

/** A number below 2^32 that follows from three others. Source: the finalizer of MurmurHash3. */
const mixed = (seed: number, message: number, of: number): number => {
  let hash = (seed ^ Math.imul(message + 1, 0x9e3779b1) ^ Math.imul(of, 0x85ebca6b)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

export const scriptOf = ({ seed, messages, cards }: Plan): Script => {
  const chance = (message: number, of: number, below: number): number =>
    mixed(seed, message, of) % below;
  const perMille = (message: number): number => chance(message, 1, 1_000);
  const isFresh = (message: number): boolean =>
    perMille(message) >= poisonPerMille + duplicatesPerMille;
  /** -1: there is nothing before it that could come again. */
  const originalOf = (message: number): number => {
    if (isFresh(message) || perMille(message) < poisonPerMille) return message;
    let original = message - 1 - chance(message, 2, duplicateReach);
    while (original >= 0 && !isFresh(original)) original -= 1;
    return original >= 0 ? original : message;
  };
  const kindOf = (message: number): Kind => {
    if (perMille(message) < poisonPerMille) return 'poison';
    return originalOf(message) === message ? 'fresh' : 'duplicate';
  };
  const cardOf = (message: number): number => chance(originalOf(message), 3, cards);
  const penceOf = (message: number): number => 100 + chance(originalOf(message), 4, 9_900);

  const receiptOf = (message: number): ReceiptV1Input => {
    const pence = penceOf(message);
    const price = `${Math.floor(pence / 100)}.${String(pence % 100).padStart(2, '0')}`;
    return receipt(program, String(originalOf(message)), {
      card: cardNumber(cardOf(message)),
      lines: [line(1, `p${originalOf(message) % 50}`, '1', price)],
    });
  };

  const counts = { fresh: 0, duplicate: 0, poison: 0 };
  for (let message = 0; message < messages; message += 1) counts[kindOf(message)] += 1;

  return {
    kindOf,
    originalOf,
    cardOf,
    pointsOf: (message) => Math.floor(penceOf(message) / 100),
    valueOf: (message) => {
      const sound = receiptOf(message);
      if (kindOf(message) !== 'poison') return JSON.stringify(sound);
      switch (chance(message, 5, 3)) {
        case 0:
          return JSON.stringify(sound).slice(0, -1);
        case 1:
          return JSON.stringify({ ...sound, businessDate: 'yesterday' });
        default:
          return JSON.stringify({ ...sound, program: 'a-programme-that-nobody-published' });
      }
    },
    counts,
  };
};
