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
  status: z.string(),
  events: z.int().nullish(),
  equal: z.boolean().nullish(),
  views: z.array(z.looseObject({ view: z.string(), rows: count, equal: z.boolean() })).nullish(),
});
export type Replay = z.output<typeof replayState>;

const askEveryMs = 100;
const stillRunning = new Set(['waiting', 'queued', 'pending', 'running', 'started']);

/** Folds the whole store again and compares every view with it. */
export const replay = async (client: Client, signal: AbortSignal): Promise<Replay> => {
  const begun = await client.expect({
    service: 'reporting',
    method: 'POST',
    path: '/v1/replays',
    body: '{}',
    headers: { 'idempotency-key': `sample-${crypto.randomUUID()}` },
    answer: replayBegun,
  });
  for (;;) {
    const { value } = await client.expect({
      service: 'reporting',
      method: 'GET',
      path: `/v1/replays/${encodeURIComponent(begun.value.replay)}`,
      answer: replayState,
    });
    if (!stillRunning.has(value.status)) return value;
    await sleep(askEveryMs, undefined, { signal });
  }
};
