import { max, median, min } from 'simple-statistics';
import type { Answer } from './benchmark.js';

/** The middle of several runs, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Figures {
  /** Ours / baseline, pair by pair. */
  readonly ratio: Spread;
  /** Units per second. */
  readonly ours: Spread;
  readonly baseline: Spread;
}

const spreadOf = (values: number[]): Spread => ({
  median: median(values),
  min: min(values),
  max: max(values),
});

export const figuresOf = ({ pairs }: Pick<Answer, 'pairs'>): Figures => ({
  ratio: spreadOf(pairs.map(({ ours, baseline }) => ours / baseline)),
  ours: spreadOf(pairs.map(({ ours }) => ours)),
  baseline: spreadOf(pairs.map(({ baseline }) => baseline)),
});
