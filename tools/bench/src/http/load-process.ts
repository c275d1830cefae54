import { createHistogram } from 'node:perf_hooks';
import { Pool } from 'undici';
import { z } from 'zod';
import { byCallers, secondsOf } from '../harness/in-turn.js';
import type { Load, Loaded } from './messages.js';
import { cardOf, receiptBody, redemptionBody } from './requests.js';

/** The process of the callers: their work does not slow the service but by sharing its machine. */
const counted = z.looseObject({
  outcome: z.string().optional(),
  earned: z.int().optional(),
  points: z.int().optional(),
});

const requestOf = (load: Load, number: number): { body: string; key: string } => {
  const card = cardOf(number % load.cards);
  const body =
    load.body === 'receipt'
      ? receiptBody(load.program, card, number)
      : redemptionBody(load.program, card, number);
  return { body: JSON.stringify(body), key: `key-${number}` };
};

const run = async (load: Load): Promise<Loaded> => {
  const requests = Array.from({ length: load.count }, (_, index) =>
    requestOf(load, load.first + index),
  );
  const pool = new Pool(load.url, { connections: load.callers, pipelining: 1 });
  const latencies = createHistogram();
  let points = 0;
  try {
    const seconds = await secondsOf(() =>
      byCallers(load.callers, requests, async ({ body, key }) => {
        const started = performance.now();
        const answer = await pool.request({
          method: 'POST',
          path: load.path,
          headers: {
            authorization: `Bearer ${load.token}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body,
        });
        const text = await answer.body.text();
        latencies.record(Math.max(1, Math.round((performance.now() - started) * 1000)));
        if (answer.statusCode !== load.status) throw new Error(`${answer.statusCode}: ${text}`);
        const { earned, points: spent } = counted.parse(JSON.parse(text));
        points += earned ?? spent ?? 0;
      }),
    );
    const percentile = (of: number): number => latencies.percentile(of) / 1000;
    return { seconds, points, latencyMs: { p50: percentile(50), p99: percentile(99) } };
  } finally {
    await pool.close();
  }
};

process.on('message', (load: Load) => {
  run(load).then(
    (loaded) => process.send?.(loaded),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
