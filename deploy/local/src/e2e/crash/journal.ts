/** What the clients of a crash run were told. */
export type Acknowledged =
  | {
      readonly kind: 'receipt';
      readonly id: string;
      readonly earned: number;
      readonly reversed: number;
    }
  | { readonly kind: 'redemption'; readonly id: string; readonly points: number }
  | { readonly kind: 'refund'; readonly id: string; readonly points: number }
  | { readonly kind: 'hold'; readonly id: string; readonly points: number }
  | { readonly kind: 'capture'; readonly id: string; readonly points: number }
  | { readonly kind: 'release'; readonly id: string; readonly points: number }
  | { readonly kind: 'enrolment'; readonly id: string }
  | { readonly kind: 'partner-event'; readonly id: string };

/** The services that answer the clients; a kill is over when those that it concerns have answered again. */
export type Door = 'accrual' | 'redemption' | 'enrollment' | 'partners' | 'reporting';

export interface Answered {
  readonly door: Door;
  /** When the attempt that succeeded was begun, by `performance.now()`. */
  readonly begunMs: number;
  readonly answeredMs: number;
}

export interface Journal {
  readonly acknowledged: Acknowledged[];
  /** Attempts that were not answered, or answered with "try again". */
  retries: number;
  /** Business answers that changed nothing: too few points. */
  refused: number;
  reads: number;
  /** The last position that anybody was told. */
  toldPosition: number;
  /** What each door said last to an attempt that is made again, and when it was begun: for people who look into a run that failed. */
  readonly refusals: Map<Door, string>;
  /** Answers that no client should ever get. */
  readonly unexpected: string[];
  /** Told of every attempt that was answered. */
  answered: (answer: Answered) => void;
}

export const newJournal = (): Journal => ({
  acknowledged: [],
  retries: 0,
  refused: 0,
  reads: 0,
  toldPosition: 0,
  refusals: new Map(),
  unexpected: [],
  answered: () => {},
});
