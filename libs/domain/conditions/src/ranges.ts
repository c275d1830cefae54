import type { Node } from './check.js';
import { callOf, conjuncts, nameOf, valueOf } from './narrow.js';
import { dayToInt, decimalToInt } from './values.js';

/** Between which values a number, an amount or a day lies, both included; null: nothing bounds it on that side. */
export interface Range {
  readonly least: bigint | null;
  readonly most: bigint | null;
}

/** Whole numbers as they are, amounts in millionths, days as 20260228. */
export type Ranges = ReadonlyMap<string, Range>;

/** What must be so for a condition to hold: the bounds that the parts of its outermost `&&` set. `least` above `most`: it never holds. */
export const rangesOf = (root: Node): Ranges => {
  const found = new Map<string, Range>();
  for (const part of conjuncts(root)) {
    const bound = boundOf(part);
    if (bound === null) continue;
    const { least, most } = found.get(bound.name) ?? { least: null, most: null };
    found.set(bound.name, {
      least: chosen(least, bound.least, (a, b) => (a > b ? a : b)),
      most: chosen(most, bound.most, (a, b) => (a < b ? a : b)),
    });
  }
  return found;
};

const chosen = (
  one: bigint | null,
  other: bigint | null,
  of: (a: bigint, b: bigint) => bigint,
): bigint | null => (one === null ? other : other === null ? one : of(one, other));

const turned: Readonly<Record<string, string>> = {
  '_<_': '_>_',
  '_<=_': '_>=_',
  '_>_': '_<_',
  '_>=_': '_<=_',
  '_==_': '_==_',
};

const boundOf = (node: Node): (Range & { readonly name: string }) | null => {
  for (const [operator, opposite] of Object.entries(turned)) {
    const [left, right] = callOf(node, operator) ?? [];
    if (left === undefined || right === undefined) continue;
    const [name, number, by] =
      nameOf(left) === null
        ? [nameOf(right), numberOf(left), opposite]
        : [nameOf(left), numberOf(right), operator];
    return name === null || number === null ? null : { name, ...sides(number, by) };
  }
  return null;
};

const sides = (number: bigint, operator: string): Range => {
  switch (operator) {
    case '_<_':
      return { least: null, most: number - 1n };
    case '_<=_':
      return { least: null, most: number };
    case '_>_':
      return { least: number + 1n, most: null };
    case '_>=_':
      return { least: number, most: null };
    default:
      return { least: number, most: number };
  }
};

const numberOf = (node: Node): bigint | null => {
  const { exprKind } = node;
  if (exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'int64Value')
    return exprKind.value.constantKind.value;
  for (const [literal, read] of [
    ['decimal', decimalToInt],
    ['date', dayToInt],
  ] as const) {
    const [text] = callOf(node, literal) ?? [];
    const value = text === undefined ? null : valueOf(text);
    if (value !== null) return read(value);
  }
  return null;
};
