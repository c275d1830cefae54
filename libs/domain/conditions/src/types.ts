/**
 * What a condition can be about. `decimal` is an exact amount of money or quantity, `date` a day of the programme's calendar; there is no
 * floating point.
 */
export type ConditionType = 'bool' | 'int' | 'decimal' | 'string' | 'date' | 'strings';

/** What a condition may name, with its type: `receipt.total` and so on. What is not here does not exist. */
export type Environment = Readonly<Record<string, ConditionType>>;

/** A value by its type: bool; int as bigint; decimal as an exact decimal's text; date as `2026-02-28`; strings as a list. */
export type ConditionValue = boolean | bigint | string | readonly string[];
export type Bindings = Readonly<Record<string, ConditionValue>>;
/** The same, where a whole number that a double holds need not be a bigint. */
export type Seen = ConditionValue | number;
/** How a name's value is read from whatever a condition looks at. */
export type Reader<Scope> = (scope: Scope) => Seen | undefined;

/** What is wrong with a condition, where, and what to write instead. */
export interface ConditionFault {
  /** 1-based, within the condition's own text. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
