import type { ConditionValue } from '@tallystick/conditions';
import type { LocalDate } from '@tallystick/kernel';
import type { CapPeriod } from '../rulebook.js';

/** The version of the engine's meaning: another one may give other points for the same document. */
export const engineVersion = 1;

/** What cut a rule's points. */
export type Cut =
  | {
      readonly by: 'cap';
      /** `programme`: a cap on all rules together. */
      readonly of: 'rule' | 'programme';
      readonly per: CapPeriod;
      /** What was left of it before this receipt. */
      readonly room: number;
      readonly cut: number;
    }
  | { readonly by: 'budget'; readonly budget: string; readonly left: number; readonly cut: number };

/** A condition, and what it saw of what it looks at. JSON: whole numbers as text. */
export interface Looked {
  readonly text: string;
  readonly held: boolean;
  readonly saw: Readonly<Record<string, string | boolean | readonly string[]>>;
}

export interface ExplainedRule {
  readonly rule: string;
  readonly outcome:
    | 'gave'
    /** Its condition does not hold. */
    | 'not-met'
    /** It is about none of the lines. */
    | 'no-line'
    /** It came to less than one point, or to what is left of nothing. */
    | 'nothing'
    /** Another rule of its group was taken. */
    | 'other-of-group'
    /** Caps or a budget left nothing of it. */
    | 'cut';
  readonly when: Looked | null;
  /** The lines that it is about, by ordinal. */
  readonly lines: readonly number[];
  /** Points before rounding, as an exact fraction: `12`, `37/3`. */
  readonly exact: string;
  /** Points after rounding, before anything was cut. */
  readonly rounded: number;
  readonly cuts: readonly Cut[];
  readonly points: number;
  /** Which rule of the group was taken instead. */
  readonly taken: string | null;
}

export interface ExplainedLine {
  readonly ordinal: number;
  readonly product: string;
  /** Major units, as the till said. */
  readonly amount: string;
  /** What counted of it: less what was paid with points, as an exact fraction. */
  readonly counted: string;
  /** Why it did not count, in the rulebook's words; null when it did. */
  readonly excluded: string | null;
  readonly points: number;
}

/** Why a receipt earned what it earned: what a person reads, and what an auditor makes again. */
export interface Explanation {
  readonly engine: typeof engineVersion;
  readonly program: string;
  readonly version: number;
  readonly day: LocalDate;
  readonly tier: { readonly level: string; readonly multiplier: string } | null;
  readonly lines: readonly ExplainedLine[];
  /** Those that could apply; a rule that is not here pins down something that this receipt does not have. */
  readonly rules: readonly ExplainedRule[];
  readonly points: number;
}

export const shown = (value: ConditionValue): string | boolean | readonly string[] =>
  typeof value === 'bigint' ? value.toString() : value;
