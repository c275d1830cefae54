import type { Broker } from './broker.js';
import type { Server } from './server.js';

/** What one side did in one run. */
export interface Measured {
  /** How many of the benchmark's units. */
  readonly count: number;
  readonly seconds: number;
}

/** One line of the table: ours against a baseline. */
export interface Question {
  /** E.g. `append-batched, 4 callers`. */
  readonly title: string;
  /** What is counted: `events`, `commands`. */
  readonly unit: string;
  readonly ours: string;
  readonly baseline: string;
  /** What the baseline does not do and ours does; for the reader's own judgement. */
  readonly skips: string;
  /** The least ratio ours / baseline that we want; null: it is looked at, and nothing is wanted. */
  readonly aim: number | null;
}

/** Peak resident memory of a process of its own. */
export interface Peak {
  readonly of: string;
  readonly bytes: number;
}

export interface Answer extends Question {
  /** Units per second of each pair, in the order of the runs. */
  readonly pairs: readonly { readonly ours: number; readonly baseline: number }[];
  readonly peaks?: readonly Peak[];
  /** What was checked of the results before a number was taken from them. */
  readonly checked: string;
}

/** How much is asked of a benchmark. */
export interface Effort {
  /** Pairs of runs that are counted; at least five for a figure worth quoting. */
  readonly pairs: number;
  /** Sizes at which nothing is measured, only run and checked. */
  readonly quick: boolean;
}

export interface Context extends Effort {
  readonly server: Server;
  readonly broker: Broker;
  readonly say: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** Throws when a result is wrong: then there is no number. */
  run(context: Context): Promise<readonly Answer[]>;
}

/** Throws unless a benchmark's result is what it must be. */
export const mustBe = (what: string, actual: unknown, expected: unknown): void => {
  const [is, should] = [String(actual), String(expected)];
  if (is !== should) throw new Error(`wrong result, no number: ${what} is ${is}, not ${should}`);
};
