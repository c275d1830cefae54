import { CelScalar, celEnv, celFunc, isCelError, listType, parse, plan } from '@bufbuild/cel';
import { err, ok, type Result } from '@tallystick/kernel';
import { check, type Node } from './check.js';
import { functionOf } from './evaluate.js';
import { conditionLimits } from './limits.js';
import { comparedIn, narrow, type Narrowing } from './narrow.js';
import { partsOf } from './parts.js';
import { rangesOf, type Ranges } from './ranges.js';
import type { Bindings, ConditionFault, ConditionType, Environment, Reader } from './types.js';
import { celValueOf, dayToInt, decimalToInt } from './values.js';

/** A condition that was checked: whatever the values of its names, it cannot fail, hang, or look at anything that is not declared. */
export interface Condition {
  readonly text: string;
  /** What it looks at. */
  readonly names: readonly string[];
  /** How much it is to ask it once: its parts, with those of its lists. */
  readonly parts: number;
  /** What must be so for it to hold. */
  readonly narrowing: Narrowing;
  /** Between which values numbers, amounts and days must lie for it to hold. */
  readonly ranges: Ranges;
  /** What names are compared with anywhere in it. */
  readonly compared: Narrowing;
  /** Throws when a name that it looks at is bound to nothing, or to another type: a bug of who binds it. */
  readonly holds: (bindings: Bindings) => boolean;
  /** The same, about something whose values are read as they are needed: a condition is compiled once, and asked often. */
  readonly about: <Scope>(reader: (name: string) => Reader<Scope>) => (scope: Scope) => boolean;
  /** The same as CEL itself evaluates it: slow, and what `holds` must agree with. Throws where a sum is beyond 64 bits. */
  readonly byCel: (bindings: Bindings) => boolean;
}

/**
 * Compiles a condition (CEL, https://cel.dev: comparisons, `in`, `&&`, `||`, `!`, `? :` left out, startsWith, endsWith, contains, size, and
 * `decimal("10.00")`, `date("2026-12-24")`). Every fault is told. Called when a rulebook is published, never at the till.
 */
export const compileCondition = (
  text: string,
  environment: Environment,
): Result<Condition, readonly ConditionFault[]> => {
  const early = tooMuch(text);
  if (early !== null) return err([early]);
  const parsed = parsedOf(text);
  if (!parsed.ok) return err([parsed.error]);
  const { expr, positions } = parsed.value;
  const { faults, names } = check(expr, environment);
  if (faults.length > 0)
    return err(
      faults.map(({ node, message }) => ({
        ...placeOf(text, positions[String(node)] ?? 0),
        message,
      })),
    );
  const used = names.map((name) => ({ name, type: environment[name] ?? 'string' }) as const);
  const byCel = (bindings: Bindings): boolean => {
    const evaluate = plan(
      celEnv({
        funcs: literals,
        variables: Object.fromEntries(used.map(({ name, type }) => [name, celTypes[type]])),
      }),
      parsed.value.whole,
    );
    const result = evaluate(
      Object.fromEntries(
        used.map(({ name, type }) => [name, celValueOf(name, type, bindings[name])]),
      ),
    );
    if (isCelError(result)) throw new Error(`condition ${text}: ${result.message}`);
    return result === true;
  };
  const about = <Scope>(reader: (name: string) => Reader<Scope>): ((scope: Scope) => boolean) =>
    functionOf(expr, environment, reader);
  const holds = about<Bindings>((name) => (bindings) => bindings[name]);
  return ok({
    ...{ text, names, holds, about, byCel, parts: partsOf(expr) },
    ...{ narrowing: narrow(expr), ranges: rangesOf(expr), compared: comparedIn(expr) },
  });
};

const celTypes = {
  bool: CelScalar.BOOL,
  int: CelScalar.INT,
  decimal: CelScalar.INT,
  string: CelScalar.STRING,
  date: CelScalar.INT,
  strings: listType(CelScalar.STRING),
} as const satisfies Record<ConditionType, unknown>;

const literals = [
  celFunc('decimal', [CelScalar.STRING], CelScalar.INT, (text) => decimalToInt(text)),
  celFunc('date', [CelScalar.STRING], CelScalar.INT, (text) => dayToInt(text) ?? 0n),
];

/** Before the parser sees it: a text that is endless, or nested without end, costs nothing. */
const tooMuch = (text: string): ConditionFault | null => {
  if (text.length > conditionLimits.charsMax)
    return {
      line: 1,
      column: 1,
      message: `is too long: ${conditionLimits.charsMax} characters at most`,
    };
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if ('([{!-'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    if (depth > conditionLimits.depthMax * 2)
      return {
        ...placeOf(text, index),
        message: `is nested too deeply: at most ${conditionLimits.depthMax} levels`,
      };
  }
  return null;
};

interface Parsed {
  readonly whole: ReturnType<typeof parse>;
  readonly expr: Node;
  /** Of each node, by its id: the offset in the text. */
  readonly positions: Readonly<Record<string, number>>;
}

const parsedOf = (text: string): Result<Parsed, ConditionFault> => {
  try {
    const whole = parse(text);
    return ok({ whole, expr: whole.expr, positions: whole.sourceInfo?.positions ?? {} });
  } catch (error) {
    return err({ ...syntaxPlace(error), message: syntaxMessage(text, error) });
  }
};

const syntaxPlace = (error: unknown): { line: number; column: number } => {
  const place: unknown =
    typeof error === 'object' && error !== null && 'location' in error ? error.location : null;
  if (typeof place !== 'object' || place === null || !('start' in place))
    return { line: 1, column: 1 };
  const { start } = place;
  if (typeof start !== 'object' || start === null || !('line' in start) || !('column' in start))
    return { line: 1, column: 1 };
  return { line: Number(start.line), column: Number(start.column) };
};

const syntaxMessage = (text: string, error: unknown): string => {
  if (text.trim() === '') return 'is empty';
  const { column, line } = syntaxPlace(error);
  const rest = (text.split('\n')[line - 1] ?? '').slice(column - 1, column + 19);
  const said = rest.trim() === '' ? 'it ends too early' : `it goes wrong at "${rest}"`;
  const single = /[^=!<>]=[^=]/.test(text)
    ? ': to compare, write =='
    : / and | or | not /i.test(text)
      ? ': write &&, || and !'
      : '';
  return `is no condition: ${said}${single}`;
};

const placeOf = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
};
