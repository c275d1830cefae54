import type { Condition, Seen } from '@tallystick/conditions';
import { Safe, type LocalDate } from '@tallystick/kernel';
import type { EarningRule, Rulebook, TierLevel } from '../rulebook.js';
import type { Basket } from './basket.js';
import { engineVersion, type Cut, type ExplainedRule } from './explanation.js';
import type { Fraction } from './giving.js';

/*
 * The JSON text of an explanation, as `JSON.stringify` writes it, without making the explanation first: each award keeps the hash of this
 * text, and few explanations are ever looked at. What is the same for every receipt is written once, when a rulebook is compiled.
 */

/** What became of a rule. */
export interface ToldRule {
  readonly outcome: ExplainedRule['outcome'];
  /** Whether its condition holds; null: it has none. */
  readonly held: boolean | null;
  /** The lines that it is about; null: it was not looked for them. */
  readonly chosen: readonly boolean[] | null;
  readonly exact: Fraction;
  readonly rounded: number;
  readonly cuts: readonly Cut[];
  readonly points: number;
  readonly taken: string | null;
}

/** Writes what one rule did. `ordinals`: of the lines that it is about, as a list's text. */
export type Writer = (told: ToldRule, values: readonly Seen[], ordinals: string) => string;

/** `placeOf`: where among the values each name of its condition stands. */
export const writerOf = (
  { rule, when }: { readonly rule: EarningRule; readonly when: Condition | null },
  placeOf: (name: string) => number,
): Writer => {
  const head = `{"rule":${JSON.stringify(rule.id)},"outcome":"`;
  const text = when === null ? '' : `","when":{"text":${JSON.stringify(when.text)},"held":`;
  const names = (when?.names ?? []).map((name) => ({
    label: `${JSON.stringify(name)}:`,
    place: placeOf(name),
  }));
  const saw = (values: readonly Seen[]): string => {
    let all = '';
    for (const { label, place } of names)
      all += `${all === '' ? '' : ','}${label}${shownText(values[place] ?? '')}`;
    return all;
  };
  return ({ outcome, held, exact, rounded, cuts, points, taken }, values, ordinals) =>
    `${head}${outcome}${held === null ? '","when":null' : `${text}${held ? 'true' : 'false'},"saw":{${saw(values)}}}`},"lines":${ordinals},"exact":"${Safe.fraction(exact.n, exact.d)}","rounded":${rounded},"cuts":${cuts.length === 0 ? '[]' : JSON.stringify(cuts)},"points":${points},"taken":${taken === null ? 'null' : JSON.stringify(taken)}}`;
};

const shownText = (value: Seen): string => {
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return typeof value === 'number' || typeof value === 'bigint'
    ? `"${value}"`
    : JSON.stringify(value);
};

/** Of the lines that are chosen, as a list's text. */
export const ordinalsText = (
  { sold }: Pick<Basket, 'sold'>,
  chosen: readonly boolean[] | null,
): string => {
  let all = '';
  for (let index = 0; chosen !== null && index < sold.length; index += 1)
    if (chosen[index] === true) all += `${all === '' ? '' : ','}${sold[index]?.ordinal ?? 0}`;
  return `[${all}]`;
};

interface Told {
  readonly book: Rulebook;
  readonly day: LocalDate;
  readonly tier: TierLevel | null;
  readonly basket: Basket;
  /** Points of each line, by all rules. */
  readonly perLine: readonly number[];
  readonly points: number;
}

/** The whole text; `rules`: the texts of the rules, with commas between. */
export const explanationText = (
  { book, day, tier, basket, perLine, points }: Told,
  rules: string,
): string => {
  const level =
    tier === null
      ? 'null'
      : `{"level":${JSON.stringify(tier.id)},"multiplier":${JSON.stringify(tier.multiplier)}}`;
  let lines = '';
  const { sold, excluded, counts, perMajor } = basket;
  for (let index = 0; index < sold.length; index += 1) {
    const line = sold[index];
    if (line === undefined) continue;
    const why = excluded[index] ?? null;
    lines += `${index === 0 ? '' : ','}{"ordinal":${line.ordinal},"product":${JSON.stringify(line.product)},"amount":"${line.amount}","counted":"${Safe.fraction(counts[index] ?? 0, perMajor)}","excluded":${why === null ? 'null' : JSON.stringify(why)},"points":${perLine[index] ?? 0}}`;
  }
  return `{"engine":${engineVersion},"program":${JSON.stringify(book.program)},"version":${book.version},"day":"${day}","tier":${level},"lines":[${lines}],"rules":[${rules}],"points":${points}}`;
};
