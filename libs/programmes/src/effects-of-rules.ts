import { Exact } from '@tallystick/kernel';
import {
  engineOf,
  type Cap,
  type CompiledRule,
  type EarningRule,
  type PartnerRule,
  type Rulebook,
} from '@tallystick/rulebook';
import type { Environment } from '@tallystick/conditions';
import { audienceEffects, audienceOf } from './audience.js';
import { lifeEffects } from './effects-on-lots.js';
import {
  bySign,
  less,
  more,
  otherwise,
  paired,
  rise,
  span,
  stepEffects,
  type Effect,
  type Effects,
} from './effects.js';
import { howMany, partnerWords } from './words.js';

/** What other earning rules mean for those who earn by them. */
export const ruleEffects = (before: Rulebook, after: Rulebook, types: Environment): Effects => {
  const named = (book: Rulebook) =>
    engineOf(book).rules.map((compiled) => ({ id: compiled.rule.id, compiled }));
  return paired(named(before), named(after)).map(([id, then, now]) => [
    `earning rule ${id}`,
    then === undefined
      ? now === undefined
        ? []
        : [more(whoEarn(now.compiled), howMany(now.compiled.rule, after))]
      : now === undefined
        ? [less(whoEarn(then.compiled), `no more ${howMany(then.compiled.rule, before)}`)]
        : changesOf(then.compiled, now.compiled, before, after, types),
  ]);
};

const whoEarn = ({ when, lines }: CompiledRule): string => audienceOf(when, lines);

const changesOf = (
  then: CompiledRule,
  now: CompiledRule,
  before: Rulebook,
  after: Rulebook,
  types: Environment,
): Effect[] => {
  const who = whoEarn(now);
  const [was, is] = [then.rule, now.rule];
  return [
    ...audienceEffects(then.when, now.when, 'receipts', types),
    ...audienceEffects(then.lines, now.lines, 'lines', types),
    ...amountEffects(was, is, who, after),
    ...capEffects(was.caps, is.caps, ' by it', after),
    ...tieredEffects(was, is, after),
    ...qualifiesEffects(was, is, who, after),
    ...budgetEffects(was.budget, is.budget, who),
    ...(was.lots === undefined && is.lots === undefined
      ? []
      : lifeEffects(was.lots ?? before.lots, is.lots ?? after.lots, after, who)),
    ...(was.group === is.group && was.priority === is.priority
      ? []
      : [otherwise(who, 'which rules apply together has changed')]),
  ];
};

const formOf = ({ points, per, each, steps, extra }: EarningRule): string =>
  points === undefined
    ? `${steps === undefined ? '' : 'steps'}${extra === undefined ? '' : 'extra'}`
    : `points ${per === undefined ? '' : 'per'} ${each ?? ''}`;

const amountEffects = (
  was: EarningRule,
  is: EarningRule,
  who: string,
  book: Rulebook,
): Effect[] => {
  const how = `${howMany(is, book)} instead of ${howMany(was, book)}`;
  if (formOf(was) !== formOf(is)) return [otherwise(who, how)];
  const steps = (rule: EarningRule) =>
    (rule.steps ?? []).map(({ from, points }) => ({ from, gives: `${points}` }));
  return [
    ...bySign(Exact.compare(rateOf(is), rateOf(was)), who, how),
    ...stepEffects(
      steps(was),
      steps(is),
      (from, to) => `${who}, with ${span(from, to, book.currency)}`,
      (gave, gives) => `${gives} ${book.unit} instead of ${gave}`,
    ),
    ...ofEffects(was.of ?? [], is.of ?? [], who),
    ...roundingEffects(was, is, who),
  ];
};

/** For each unit of what it is given for. */
const rateOf = ({ points = 0, per = '1', extra }: EarningRule): Exact.Exact =>
  extra === undefined ? Exact.divide(Exact.exact(points), Exact.exact(per)) : Exact.exact(extra);

const ofEffects = (was: readonly string[], is: readonly string[], who: string): Effect[] => {
  const won = is.filter((rule) => !was.includes(rule));
  const lost = was.filter((rule) => !is.includes(rule));
  return [
    ...(won.length === 0 ? [] : [more(who, `also of what ${won.join(', ')} gives`)]),
    ...(lost.length === 0 ? [] : [less(who, `no more of what ${lost.join(', ')} gives`)]),
  ];
};

const roundings = ['down', 'half-even', 'half-up'];

const roundingEffects = (was: EarningRule, is: EarningRule, who: string): Effect[] => {
  const how = `rounded ${is.rounding} on each ${is.level} instead of ${was.rounding} on each ${was.level}`;
  const up = roundings.indexOf(is.rounding) - roundings.indexOf(was.rounding);
  if (was.level === is.level) return bySign(up, who, how);
  return up === 0 && is.rounding === 'down'
    ? bySign(is.level === 'receipt' ? 1 : -1, who, how)
    : [otherwise(who, how)];
};

const isTiered = ({ tiered, kind }: EarningRule): boolean => tiered ?? kind === 'base';

const tieredEffects = (was: EarningRule, is: EarningRule, { tiers }: Rulebook): Effect[] => {
  if (isTiered(was) === isTiered(is)) return [];
  return (tiers?.levels ?? []).flatMap(({ id, multiplier }) =>
    bySign(
      isTiered(is) ? rise('1', multiplier) : rise(multiplier, '1'),
      `members on level ${id}`,
      isTiered(is) ? `times ${multiplier}` : `no more times ${multiplier}`,
    ),
  );
};

const qualifiesEffects = (
  was: EarningRule,
  is: EarningRule,
  who: string,
  { tiers }: Rulebook,
): Effect[] => {
  const counts = ({ qualifies, kind }: EarningRule): boolean => qualifies ?? kind === 'base';
  if (tiers?.by !== 'points' || counts(was) === counts(is)) return [];
  return [
    counts(is)
      ? more(who, 'it counts for their level')
      : less(who, 'it counts no more for their level'),
  ];
};

const budgetEffects = (was: string | undefined, is: string | undefined, who: string): Effect[] => {
  if (was === is) return [];
  if (was === undefined) return [less(who, `nothing once budget ${is ?? ''} is spent`)];
  if (is === undefined) return [more(who, `also when budget ${was} is spent`)];
  return [otherwise(who, `as long as budget ${is} lasts, instead of ${was}`)];
};

/** What other caps mean for those who come up to them. */
export const capEffects = (
  was: readonly Cap[] = [],
  is: readonly Cap[] = [],
  by: string,
  { unit }: Pick<Rulebook, 'unit'>,
): Effect[] => {
  const lowest = (caps: readonly Cap[], period: string): number | null => {
    const all = caps.filter(({ per }) => per === period).map(({ points }) => points);
    return all.length === 0 ? null : Math.min(...all);
  };
  return [...new Set([...was, ...is].map(({ per }) => per))].flatMap((per) => {
    const [then, now] = [lowest(was, per), lowest(is, per)];
    if (then === now) return [];
    const least = Math.min(then ?? Infinity, now ?? Infinity);
    const who = `those who earn more than ${least} ${unit} per ${per}${by}`;
    const cap = (points: number | null): string =>
      points === null ? 'as many as they earn' : `at most ${points}`;
    const how = `${cap(now)} instead of ${cap(then)}`;
    return [(now ?? Infinity) > (then ?? Infinity) ? more(who, how) : less(who, how)];
  });
};

/** What other rules for partners' events mean. */
export const partnerEffects = (before: Rulebook, after: Rulebook): Effects =>
  paired(before.partnerEvents, after.partnerEvents).map(([id, was, is]) => [
    `partner rule ${id}`,
    partnerChanges(was, is, before, after),
  ]);

const partnerChanges = (
  was: PartnerRule | undefined,
  is: PartnerRule | undefined,
  before: Rulebook,
  after: Rulebook,
): Effect[] => {
  const who = ({ type, partner }: PartnerRule): string => `members with a ${type} of ${partner}`;
  if (was === undefined) return is === undefined ? [] : [more(who(is), partnerWords(is, after))];
  if (is === undefined) return [less(who(was), `no more ${partnerWords(was, before)}`)];
  if (was.partner !== is.partner || was.type !== is.type)
    return [
      less(who(was), `no more ${partnerWords(was, before)}`),
      more(who(is), partnerWords(is, after)),
    ];
  const how = `${partnerWords(is, after)}; until now ${partnerWords(was, before)}`;
  const rate = ({ points, per }: PartnerRule): Exact.Exact =>
    Exact.divide(Exact.exact(points), Exact.exact(per ?? '1'));
  if ((was.per === null) !== (is.per === null)) return [otherwise(who(is), how)];
  return [
    ...bySign(Exact.compare(rate(is), rate(was)), who(is), how),
    ...bySign(
      is.per === null ? 0 : roundings.indexOf(is.rounding) - roundings.indexOf(was.rounding),
      who(is),
      `rounded ${is.rounding} instead of ${was.rounding}`,
    ),
    ...budgetEffects(was.budget, is.budget, who(is)),
  ];
};
