import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Client } from './client.js';

/** What the auditor's and the manager's pages answer, as far as the summary reads it. */

const count = z.int().min(0);

const receipts = z.looseObject({
  total: count,
  outcomes: z.looseObject({ awarded: count, nothing: count, waiting: count }),
  reasons: z.array(
    z.looseObject({ outcome: z.string(), reason: z.string().nullable(), receipts: count }),
  ),
  refusedDeliveries: z.looseObject({ total: count }),
});
export type ReceiptReport = z.output<typeof receipts>;

const summary = z.looseObject({
  members: count,
  earned: z.int(),
  redeemed: z.int(),
  refunded: z.int(),
  reversed: z.int(),
  opening: z.int(),
  adjustedUp: z.int(),
  adjustedDown: z.int(),
  expired: z.int(),
  inTransit: z.int(),
  held: z.int(),
  outstanding: z.looseObject({ pending: z.int(), available: z.int(), lapsed: z.int() }),
  arrears: z.int(),
});
export type SummaryReport = z.output<typeof summary>;

const trialBalance = z.looseObject({
  accounts: z.array(z.looseObject({ account: z.string(), points: z.int() })),
  sum: z.int(),
  balanced: z.boolean(),
  differenceCount: count,
});
export type TrialBalance = z.output<typeof trialBalance>;

const report = async <T>(
  client: Client,
  program: string,
  name: string,
  answer: z.ZodType<T>,
  after: bigint,
): Promise<T> => {
  const path = `/v1/reports/${program}/${name}`;
  return (await client.expect({ service: 'reporting', method: 'GET', path, after, answer })).value;
};

export const readReceipts = (client: Client, program: string, after: bigint) =>
  report(client, program, 'receipts', receipts, after);
export const readSummary = (client: Client, program: string, after: bigint) =>
  report(client, program, 'summary', summary, after);
export const readTrialBalance = (client: Client, program: string, after: bigint) =>
  report(client, program, 'trial-balance', trialBalance, after);

const replayBegun = z.looseObject({ replay: z.string() });
const replayState = z.looseObject({
  status: z.enum(['running', 'done', 'failed', 'interrupted']),
  problem: z.string().nullable(),
  events: count,
  equal: z.boolean().nullable(),
  views: z.array(z.looseObject({ view: z.string(), rows: count, equal: count, missing: count })),
});
export type Replay = z.output<typeof replayState>;

const askEveryMs = 100;

/** Folds the whole store again and compares every view with it. Of two at once, the second waits for the first. */
export const replay = async (client: Client, signal: AbortSignal): Promise<Replay> => {
  for (;;) {
    const begun = await client.call({
      service: 'reporting',
      method: 'POST',
      path: '/v1/replays',
      body: '{}',
      answer: replayBegun,
    });
    if (begun.ok) return await endOf(begun.value.replay, client, signal);
    if (begun.type !== 'replay-running') throw new Error(begun.message);
    await sleep(askEveryMs, undefined, { signal });
  }
};

const endOf = async (id: string, client: Client, signal: AbortSignal): Promise<Replay> => {
  for (;;) {
    const { value } = await client.expect({
      service: 'reporting',
      method: 'GET',
      path: `/v1/replays/${encodeURIComponent(id)}`,
      answer: replayState,
    });
    if (value.status !== 'running') return value;
    await sleep(askEveryMs, undefined, { signal });
  }
};
