import { setTimeout as sleep } from 'node:timers/promises';
import { topics, type ReceiptV1Input } from '@tallystick/contracts';
import { addDays } from '@tallystick/kernel';
import type { MessageBus } from '@tallystick/message-bus';
import { momentOf, opens } from '../quarter/calendar.js';
import type { SamplePartnerEvent } from '../quarter/partner-events.js';
import type { SampleQuarter, SampleWeek } from '../quarter/quarter.js';
import { askAndSell, type AskedSale } from './asking-till.js';
import type { Client } from './client.js';
import { enrol } from './members.js';
import { sendPartnerEvent } from './partner.js';
import type { Progress } from './progress.js';
import { Answers, busMessage, sendBatch } from './receipts.js';
import { cancel, redeem } from './redemptions.js';

/** The services that the sample is played to, and the bus that a till would put its receipts on. */
export interface Stage {
  readonly client: Client;
  readonly bus: MessageBus;
  readonly program: string;
  readonly partnerSecret: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** What was sent and answered. */
export interface Played {
  readonly answers: Answers;
  readonly members: { enrolled: number; known: number };
  readonly redemptions: { made: number; refused: number; cancelled: number; unexpected: number };
  partnerEvents: number;
  overHttp: number;
  /** The newest position of a write that other services hear of. */
  position: bigint | undefined;
}

const batchReceipts = 100;
const askEveryMs = 25;

/** How many steps of progress a quarter has: everything that is sent, each once. */
export const stepsOf = ({ weeks, asking }: SampleQuarter): number =>
  weeks.reduce(
    (sum, { joins, redemptions, receipts, partnerEvents }) =>
      sum +
      joins.length +
      redemptions.length +
      receipts.http.length +
      receipts.bus.length +
      partnerEvents.length,
    asking.length,
  );

/** Plays a quarter, week after week, each in the order of `SampleWeek`. Stops between two requests when the signal says so. */
export const play = async (
  stage: Stage,
  quarter: SampleQuarter,
  programmeAt: bigint | undefined,
): Promise<Played> => {
  const played: Played = {
    answers: new Answers(),
    members: { enrolled: 0, known: 0 },
    redemptions: { made: 0, refused: 0, cancelled: 0, unexpected: 0 },
    partnerEvents: 0,
    overHttp: 0,
    position: programmeAt,
  };
  for (const [index, week] of quarter.weeks.entries()) {
    stage.progress.label(`week ${index + 1} of ${quarter.weeks.length}`);
    const begins = momentOf(addDays(quarter.firstDay, index * 7), opens);
    await joinMembers(stage, played, week.joins, begins);
    const cancelled = await redeemAll(stage, played, week.redemptions);
    await overHttp(stage, played, week.receipts.http);
    await overBus(stage, played, week.receipts.bus);
    for (const event of week.partnerEvents) await partnerEvent(stage, played, event);
    for (const { redemption, key } of cancelled) {
      await cancel(stage.client, stage.program, redemption, key);
      played.redemptions.cancelled += 1;
    }
  }
  return played;
};

/** The last evening, when all else is done: a till asks what each basket comes to, and sells it for that. */
export const sellAsked = async (
  { client, progress }: Stage,
  played: Played,
  baskets: SampleQuarter['asking'],
): Promise<readonly AskedSale[]> => {
  const sales: AskedSale[] = [];
  for (const basket of baskets) {
    const sale = await askAndSell(client, basket);
    played.answers.take(sale.receipt, sale.outcome);
    played.answers.messages += 1;
    played.overHttp += 1;
    sales.push(sale);
    progress.add(1);
  }
  return sales;
};

const joinMembers = async (
  { client, program, progress }: Stage,
  played: Played,
  joins: SampleWeek['joins'],
  from: string,
): Promise<void> => {
  if (joins.length === 0) return;
  const { enrolled, known, position } = await enrol(client, program, joins, from, played.position);
  played.members.enrolled += enrolled;
  played.members.known += known;
  if (position !== null) played.position = position;
  progress.add(joins.length);
};

const redeemAll = async (
  { client, program, progress }: Stage,
  played: Played,
  asks: SampleWeek['redemptions'],
): Promise<{ readonly redemption: string; readonly key: string }[]> => {
  const cancelled: { redemption: string; key: string }[] = [];
  for (const ask of asks) {
    const reply = await redeem(client, program, ask, played.position);
    if (reply.ok) {
      played.redemptions.made += 1;
      if (ask.cancelled) cancelled.push({ redemption: reply.value.redemption, key: ask.key });
    } else if (reply.type === 'insufficient-points') {
      played.redemptions.refused += 1;
    } else {
      throw new Error(reply.message);
    }
    if (reply.ok === ask.tooMuch) played.redemptions.unexpected += 1;
    progress.add(1);
  }
  return cancelled;
};

const overHttp = async (
  { client, progress }: Stage,
  played: Played,
  receipts: readonly ReceiptV1Input[],
): Promise<void> => {
  for (let from = 0; from < receipts.length; from += batchReceipts) {
    const batch = receipts.slice(from, from + batchReceipts);
    takeAnswers(played.answers, batch, await sendBatch(client, batch, played.position));
    played.overHttp += batch.length;
    progress.add(batch.length);
  }
};

/** A till on the bus is not answered. What became of its receipts is asked afterwards: the same receipt again is answered as before. */
const overBus = async (
  { client, bus, signal, progress }: Stage,
  played: Played,
  receipts: readonly ReceiptV1Input[],
): Promise<void> => {
  if (receipts.length === 0) return;
  await bus.publish(receipts.map(busMessage));
  const ends = await bus.ends([topics.receipts.name]);
  while (!(await bus.passed('accrual', ends))) await sleep(askEveryMs, undefined, { signal });
  const outcomes = await sendBatch(client, receipts, undefined);
  takeAnswers(played.answers, receipts, outcomes);
  played.answers.lost += outcomes.filter(({ known }) => !known).length;
  progress.add(receipts.length);
};

const takeAnswers = (
  answers: Answers,
  receipts: readonly ReceiptV1Input[],
  outcomes: Awaited<ReturnType<typeof sendBatch>>,
): void => {
  outcomes.forEach((outcome, index) => {
    const receipt = receipts[index];
    if (receipt !== undefined) answers.take(receipt, outcome);
  });
  answers.messages += outcomes.length;
};

const partnerEvent = async (
  { client, program, partnerSecret, progress }: Stage,
  played: Played,
  event: SamplePartnerEvent,
): Promise<void> => {
  const reply = await sendPartnerEvent(client, program, event, partnerSecret);
  if (!reply.ok) throw new Error(reply.message);
  played.partnerEvents += 1;
  if (reply.position !== null) played.position = reply.position;
  progress.add(1);
};
