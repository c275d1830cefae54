import { z } from 'zod';
import { topics } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import type { MessageBus } from '@tallystick/message-bus';
import type { Plan, Script } from './plan.js';
import { readTopic } from './reading.js';
import { numberHeader } from './sending.js';

/** What became of every message, as topic, dead letters and store say; `wrong` is empty when it is what must be. */
export interface Outcomes {
  readonly delivered: number;
  readonly awarded: number;
  readonly duplicates: number;
  readonly deadLetters: number;
  readonly reasons: ReadonlyMap<string, number>;
  readonly points: number;
  readonly wrong: readonly string[];
}

const wrongMax = 20;

/** A list that stays short however much goes wrong. */
export const faultList = () => {
  const list: string[] = [];
  return {
    list,
    add: (what: string): void => {
      if (list.length < wrongMax) list.push(what);
    },
  };
};

interface Placed {
  /** For each message number: the order of its first delivery on its partition, from 1 on; 0: never. */
  readonly order: Int32Array;
  readonly delivered: number;
  readonly again: number;
  readonly poison: ReadonlySet<string>;
}

/** Reads what tills wrote, as the broker kept it. */
const readReceipts = async (
  bus: MessageBus,
  plan: Plan,
  script: Script,
  wrong: (what: string) => void,
): Promise<Placed> => {
  const order = new Int32Array(plan.messages);
  const seen = new Uint8Array(plan.messages);
  const poison = new Set<string>();
  let at = 0;
  let again = 0;
  const delivered = await readTopic(bus, topics.receipts.name, (message) => {
    const number = Number(message.headers[numberHeader]);
    seen[number] = 1;
    at += 1;
    if (script.kindOf(number) === 'poison') {
      poison.add(`${message.partition}/${message.offset}`);
      return;
    }
    const original = script.originalOf(number);
    if (order[original] === 0) order[original] = at;
    else again += 1;
  });
  seen.forEach((there, number) => {
    if (there === 0) wrong(`message ${number} was acknowledged and is not on the topic`);
  });
  return { order, delivered, again, poison };
};

/** Compares the dead letters with what was unreadable: one for each place, and no other. */
const readLetters = async (
  bus: MessageBus,
  poison: ReadonlySet<string>,
  wrong: (what: string) => void,
): Promise<{ readonly letters: number; readonly reasons: ReadonlyMap<string, number> }> => {
  const reasons = new Map<string, number>();
  const places = new Set<string>();
  for await (const letter of bus.deadLetters(topics.receipts.name)) {
    const place = `${letter.partition}/${letter.offset}`;
    if (letter.group !== 'accrual') wrong(`a dead letter of ${letter.group}`);
    if (places.has(place)) wrong(`two dead letters of ${place}`);
    if (!poison.has(place)) wrong(`${place} is a dead letter: ${letter.reason}`);
    if (letter.reason === '') wrong(`the dead letter of ${place} has no reason`);
    places.add(place);
    const [reason = ''] = letter.reason.split(/[:;]/, 1);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  for (const place of poison) if (!places.has(place)) wrong(`${place} is no dead letter`);
  return { letters: places.size, reasons };
};

/** Every message has one outcome: its receipt was awarded by it, or by an earlier delivery of it, or it is a dead letter. */
export const outcomesOf = async (
  bus: MessageBus,
  store: EventStore,
  plan: Plan,
  script: Script,
): Promise<Outcomes> => {
  const { list, add: wrong } = faultList();
  const placed = await readReceipts(bus, plan, script, wrong);
  const { letters, reasons } = await readLetters(bus, placed.poison, wrong);

  const awardedTimes = new Uint8Array(plan.messages);
  const accountOf = new Map<number, string>();
  const lastOrder = new Map<number, number>();
  const sums = new Map<number, number>();
  let awarded = 0;
  for await (const event of store.readAll({ categories: ['ledger'] })) {
    if (event.type !== 'PointsEarned') continue;
    const { number, points } = earnedBy(event.data);
    const card = script.cardOf(number);
    awarded += 1;
    awardedTimes[number] = (awardedTimes[number] ?? 0) + 1;
    if (points !== script.pointsOf(number)) wrong(`receipt ${number} earned ${points}`);
    sums.set(card, (sums.get(card) ?? 0) + points);
    if ((accountOf.get(card) ?? event.stream) !== event.stream)
      wrong(`card ${card} is on two accounts`);
    accountOf.set(card, event.stream);
    const order = placed.order[number] ?? 0;
    if (order <= (lastOrder.get(card) ?? 0))
      wrong(`receipt ${number} overtook another of its card`);
    lastOrder.set(card, order);
  }
  for (let message = 0; message < plan.messages; message += 1) {
    const times = awardedTimes[message] ?? 0;
    const expected = script.kindOf(message) === 'fresh' ? 1 : 0;
    if (times !== expected) wrong(`receipt ${message} was awarded ${times} times`);
  }
  if (new Set(accountOf.values()).size !== accountOf.size) wrong('two cards are on one account');
  const points = compareSums(plan, script, sums, wrong);
  if (awarded + placed.again + letters !== placed.delivered)
    wrong(`${placed.delivered} messages, and ${awarded + placed.again + letters} outcomes`);
  return {
    ...{ delivered: placed.delivered, awarded, duplicates: placed.again },
    ...{ deadLetters: letters, reasons, points, wrong: list },
  };
};

/** Every card's sum, computed here from the script alone. */
const compareSums = (
  plan: Plan,
  script: Script,
  sums: ReadonlyMap<number, number>,
  wrong: (what: string) => void,
): number => {
  const expected = new Float64Array(plan.cards);
  for (let message = 0; message < plan.messages; message += 1) {
    if (script.kindOf(message) !== 'fresh') continue;
    const card = script.cardOf(message);
    expected[card] = (expected[card] ?? 0) + script.pointsOf(message);
  }
  let total = 0;
  expected.forEach((points, card) => {
    total += points;
    if ((sums.get(card) ?? 0) !== points)
      wrong(`card ${card} has ${sums.get(card)}, not ${points}`);
  });
  return total;
};

const award = z.object({
  fact: z.string().regex(/^receipt\/.*\/\d+\/[^/]+$/),
  points: z.number(),
});

/** What an award says: of which message's receipt, and how much. */
const earnedBy = (data: string): { readonly number: number; readonly points: number } => {
  const { fact, points } = award.parse(JSON.parse(data));
  return { number: Number(fact.split('/').at(-2)), points };
};
