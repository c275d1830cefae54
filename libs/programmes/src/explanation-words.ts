import { Exact } from '@tallystick/kernel';
import type { ExplanationV1, ReceiptExplanation } from '@tallystick/contracts';

/** Why a receipt, or a partner's event, earned what it earned, as a tree that a person reads: a line each. */
export const explanationWords = ({
  outcome,
  reason,
  awards,
}: Pick<ReceiptExplanation, 'outcome' | 'reason' | 'awards'>): string[] => [
  reason === null ? outcome : `${outcome}: ${reason}`,
  ...awards.flatMap(
    ({ points, rulebook, explanation, proven, rerating, leftOut, givenBack, memberships }) => [
      rerating === null
        ? `${pointsOf(points)} by version ${rulebook.version} of the rulebook`
        : `rated again by version ${rulebook.version} instead of ${rerating.from.version}, ${points < 0 ? `${pointsOf(-points)} taken` : `${pointsOf(points)} added`}: ${rerating.reason}`,
      ...givenBack.map(
        ({ receipt, points: back }) =>
          `  ${pointsOf(back)} of them given back: an earlier revision had taken them of ${receipt}`,
      ),
      ...memberships.map(feeWords),
      ...(explanation === null
        ? ['  rated by an older release, which kept nothing to explain it from']
        : [...tree(explanation), ...othersIn(leftOut)]),
      ...(explanation === null || proven
        ? []
        : [
            '  NOT the explanation that was made when the points were given: tell whoever runs the system',
          ]),
    ],
  ),
];

const feeWords = ({ ordinal, membership, level, months, fee, amount, pays }: Fee): string => {
  if (pays > 0)
    return `  line ${ordinal} pays ${monthsOf(pays * months)} of level ${level}: membership ${membership}`;
  const starts = `  line ${ordinal} starts no membership:`;
  return Exact.compare(Exact.exact(amount), Exact.exact(fee)) < 0
    ? `${starts} ${amount} of the ${fee} that ${membership} costs`
    : `${starts} less than a whole ${membership} was sold`;
};

/** Of a rulebook with hundreds of rules most are about something else. */
const othersShown = 20;

const othersIn = (rules: readonly Rule[]): string[] => [
  ...(rules.length === 0 ? [] : ['  rules about something else']),
  ...rules.slice(0, othersShown).flatMap(ruleIn),
  ...(rules.length > othersShown
    ? [`    and ${rules.length - othersShown} more: the JSON has them all`]
    : []),
];

const ruleIn = (rule: Rule): string[] => [
  `    ${rule.rule}: ${ruleWords(rule)}`,
  ...(rule.when === null ? [] : [`      ${rule.when.text} [${seen(rule.when.saw)}]`]),
];

type Fee = ReceiptExplanation['awards'][number]['memberships'][number];
type Rule = ExplanationV1['rules'][number];
type Line = ExplanationV1['lines'][number];

const tree = ({ day, tier, lines, rules }: ExplanationV1): string[] => [
  `  on ${day}${tier === null ? '' : `, level ${tier.level}${tier.multiplier === '1' ? '' : ` (times ${tier.multiplier})`}`}`,
  ...lines.flatMap((line) => [
    `  line ${line.ordinal}, ${line.product}, ${line.amount}: ${lineWords(line)}`,
    ...(line.points > 0 || line.excluded !== null
      ? []
      : rules
          .filter((rule) => rule.outcome === 'not-met' || rule.lines.includes(line.ordinal))
          .map((rule) => `    ${rule.rule}: ${ruleWords(rule)}`)),
  ]),
  ...(rules.length === 0 ? ['  no rule is about it'] : ['  rules']),
  ...rules.flatMap(ruleIn),
];

const lineWords = ({ points, excluded, counted, amount }: Line): string => {
  if (excluded !== null) return `nothing, ${excluded}`;
  const counts = readable(counted);
  return `${pointsOf(points)}${counts === readable(amount) ? '' : ` for ${counts}`}`;
};

const ruleWords = (rule: Rule): string => {
  const about = `line${rule.lines.length === 1 ? '' : 's'} ${rule.lines.join(', ')}`;
  switch (rule.outcome) {
    case 'gave':
      return `${pointsOf(rule.points)} on ${about}${cutWords(rule)}${roundedWords(rule)}`;
    case 'not-met':
      return 'its condition does not hold';
    case 'no-line':
      return 'it is about none of the lines';
    case 'nothing':
      return `comes to less than a point (${readable(rule.exact)}) on ${about}`;
    case 'other-of-group':
      return `${rule.taken ?? 'another rule'} of its group was taken instead`;
    case 'cut':
      return `nothing is left of ${pointsOf(rule.rounded)}${cutWords(rule)}`;
  }
};

const roundedWords = ({ exact, rounded }: Rule): string =>
  readable(exact) === String(rounded) ? '' : `, rounded from ${readable(exact)}`;

const cutWords = ({ cuts }: Rule): string =>
  cuts
    .map((cut) =>
      cut.by === 'cap'
        ? `, ${cut.cut} cut by the ${cut.of === 'programme' ? 'programme’s ' : ''}cap per ${cut.per} (${cut.room} were left)`
        : `, ${cut.cut} cut by budget ${cut.budget} (${cut.left} were left)`,
    )
    .join('');

const seen = (saw: Readonly<Record<string, string | boolean | readonly string[]>>): string =>
  Object.entries(saw)
    .map(
      ([name, value]) =>
        `${name} is ${typeof value === 'object' ? value.join(', ') : String(value)}`,
    )
    .join('; ');

const monthsOf = (count: number): string => `${count} ${count === 1 ? 'month' : 'months'}`;
const pointsOf = (count: number): string => `${count} ${count === 1 ? 'point' : 'points'}`;

/** A fraction as a decimal, where there is one that ends: `53/50` is 1.06, `1/3` stays. */
const readable = (value: string): string => {
  const [, n, d] = /^(-?\d+)\/([1-9]\d*)$/.exec(value) ?? [];
  if (n === undefined || d === undefined)
    return Exact.isDecimal(value) ? Exact.toDecimal(Exact.exact(value)) : value;
  let rest = BigInt(d);
  for (const factor of [2n, 5n]) while (rest % factor === 0n) rest /= factor;
  return rest === 1n ? Exact.toDecimal(Exact.ratio(BigInt(n), BigInt(d))) : value;
};
