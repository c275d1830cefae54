import {
  receiptExplanation,
  type ExplanationV1,
  type ReceiptExplanation,
} from '@tallystick/contracts';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

export interface ExplainOptions {
  readonly program: string;
  readonly chain: string;
  readonly store: string;
  readonly till: string;
  readonly number: string;
  readonly date: string;
  readonly json?: boolean;
}

/** `tally explain`: why a receipt earned what it earned, and each of its lines what it did not. */
export const explainReceipt = async (run: Run, options: ExplainOptions): Promise<ExitCode> => {
  const { env, signal, terminal } = run;
  const { program, chain, store, till, number, date } = options;
  const system = await openSystem({ env, signal, roles: ['auditor'], note: terminal.note });
  try {
    const query = new URLSearchParams({ program, chain, store, till, number, businessDate: date });
    const answer = await system.client.call({
      service: 'accrual',
      method: 'GET',
      path: `/v1/receipts/explanation?${query.toString()}`,
      answer: receiptExplanation,
    });
    if (!answer.ok) throw failureOf('the receipt cannot be explained', answer.error);
    const { value } = answer.value;
    terminal.out(
      options.json === true ? JSON.stringify(value, null, 2) : explained(value).join('\n'),
    );
    const unproven = value.awards.some(
      ({ explanation, proven }) => explanation !== null && !proven,
    );
    return unproven ? exitCodes.failed : exitCodes.ok;
  } finally {
    await system.close();
  }
};

/** The tree as a person reads it. */
export const explained = ({ outcome, reason, awards }: ReceiptExplanation): string[] => [
  reason === null ? outcome : `${outcome}: ${reason}`,
  ...awards.flatMap(({ points, rulebook, explanation, proven, rerating }) => [
    rerating === null
      ? `${points} points by version ${rulebook.version} of the rulebook`
      : `rated again by version ${rulebook.version} instead of ${rerating.from.version}, ${points < 0 ? `${-points} points taken` : `${points} points added`}: ${rerating.reason}`,
    ...(explanation === null
      ? ['  rated by an older release, which kept nothing to explain it from']
      : tree(explanation)),
    ...(explanation === null || proven
      ? []
      : [
          '  NOT the explanation that was made when the points were given: tell whoever runs the system',
        ]),
  ]),
];

type Rule = ExplanationV1['rules'][number];
type Line = ExplanationV1['lines'][number];

const tree = ({ day, tier, lines, rules }: ExplanationV1): string[] => [
  `  on ${day}${tier === null ? '' : `, level ${tier.level} (times ${tier.multiplier})`}`,
  ...lines.flatMap((line) => [
    `  line ${line.ordinal}, ${line.product}, ${line.amount}: ${lineWords(line)}`,
    ...(line.points > 0 || line.excluded !== null
      ? []
      : rules
          .filter((rule) => rule.outcome === 'not-met' || rule.lines.includes(line.ordinal))
          .map((rule) => `    ${rule.rule}: ${ruleWords(rule)}`)),
  ]),
  ...(rules.length === 0 ? ['  no rule is about it'] : ['  rules']),
  ...rules.flatMap((rule) => [
    `    ${rule.rule}: ${ruleWords(rule)}`,
    ...(rule.when === null ? [] : [`      ${rule.when.text} [${seen(rule.when.saw)}]`]),
  ]),
];

const lineWords = ({ points, excluded, counted, amount }: Line): string => {
  if (excluded !== null) return `nothing, ${excluded}`;
  return `${points} points${counted === amount ? '' : ` for ${counted}`}`;
};

const ruleWords = (rule: Rule): string => {
  const about = `lines ${rule.lines.join(', ')}`;
  switch (rule.outcome) {
    case 'gave':
      return `${rule.points} points on ${about}${cutWords(rule)}${roundedWords(rule)}`;
    case 'not-met':
      return 'its condition does not hold';
    case 'no-line':
      return 'it is about none of the lines';
    case 'nothing':
      return `comes to less than a point (${rule.exact}) on ${about}`;
    case 'other-of-group':
      return `${rule.taken ?? 'another rule'} of its group was taken instead`;
    case 'cut':
      return `nothing is left of ${rule.rounded} points${cutWords(rule)}`;
  }
};

const roundedWords = ({ exact, rounded }: Rule): string =>
  exact === String(rounded) ? '' : `, rounded from ${exact}`;

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
