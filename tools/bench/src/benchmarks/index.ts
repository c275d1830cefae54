import type { Benchmark } from '../harness/benchmark.js';
import { appendBatched } from './append-batched.js';
import { appendConcurrent } from './append-concurrent.js';
import { oneBudget } from './budget.js';
import { busIn, poison } from './bus-in.js';
import { busOut } from './bus-out.js';
import { hotAccount } from './hot-account.js';
import { httpEarn, httpRedeem } from './http.js';
import { rate } from './rate.js';
import { replay } from './replay.js';

/** In the order of the table. */
export const benchmarks: readonly Benchmark[] = [
  appendBatched,
  appendConcurrent,
  hotAccount,
  httpEarn,
  httpRedeem,
  oneBudget,
  replay,
  rate,
  busIn,
  busOut,
  poison,
];
