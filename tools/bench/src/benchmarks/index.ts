import type { Benchmark } from '../harness/benchmark.js';
import { appendBatched } from './append-batched.js';

/** In the order of the table. */
export const benchmarks: readonly Benchmark[] = [appendBatched];
