import type { Condition } from '@tallystick/conditions';
import { engineOf, type EarningRule, type Rulebook } from '@tallystick/rulebook';

/** Something that a document may say, and that can hardly be meant. */
export interface Doubt {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Rules that can never give anything, each with the reason. Of a checked rulebook. */
export const doubtsAbout = (book: Rulebook): Doubt[] => {
  const { rules, discounts } = engineOf(book);
  const levels = new Set((book.tiers?.levels ?? []).map(({ id }) => id));
  const doubts: Doubt[] = [];
  const look = (list: string, index: number, part: string, condition: Condition | null): void => {
    const unreachable = condition === null ? null : neverHolds(condition, levels, book);
    if (unreachable !== null) doubts.push({ path: [list, index, part], message: unreachable });
  };
  for (const { order, when, lines } of rules) {
    look('earning', order, 'when', when);
    look('earning', order, 'lines', lines);
  }
  discounts.forEach(({ when, lines }, index) => {
    look('discounts', index, 'when', when);
    look('discounts', index, 'lines', lines);
  });
  return [...doubts, ...neverTaken(book), ...zeroCaps(book)];
};

const neverHolds = (
  { narrowing }: Condition,
  levels: ReadonlySet<string>,
  { exclusions }: Rulebook,
): string | null => {
  for (const [name, values] of narrowing)
    if (values.size === 0) return `never holds: it contradicts itself about ${name}`;
  const tiers = [...(narrowing.get('member.tier') ?? [])];
  // Without a ladder a member's level is the empty text.
  const missing = tiers.filter((tier) => tier !== '' && !levels.has(tier));
  if (tiers.length > 0 && missing.length === tiers.length)
    return `never holds: there is no level ${missing.join(' or ')}`;
  for (const [name, excluded] of [
    ['line.category', exclusions.categories],
    ['line.product', exclusions.products],
    ['line.brand', exclusions.brands],
  ] as const) {
    const wanted = [...(narrowing.get(name) ?? [])];
    if (wanted.length > 0 && wanted.every((value) => excluded.includes(value)))
      return `is about no line: exclusions leave out ${wanted.join(', ')}`;
  }
  return null;
};

const always = ({ when, lines, budget }: EarningRule): boolean =>
  when === undefined && lines === undefined && budget === undefined;

/** In a group that takes the first, whatever stands behind a rule that always applies. */
const neverTaken = ({ earning, groups = [] }: Rulebook): Doubt[] =>
  groups.flatMap((group) => {
    if (group.take === 'best') return [];
    const members = earning
      .map((rule, index) => ({ rule, index }))
      .filter(({ rule }) => rule.group === group.id)
      .sort((a, b) => (b.rule.priority ?? 0) - (a.rule.priority ?? 0) || a.index - b.index);
    const first = members.findIndex(({ rule }) => always(rule));
    const taken = members[first]?.rule.id;
    return taken === undefined
      ? []
      : members.slice(first + 1).map(({ index }) => ({
          path: ['earning', index, 'group'],
          message: `hardly ever applies: ${taken} comes first in group ${group.id}, and has no condition`,
        }));
  });

const zeroCaps = ({ earning, caps = [] }: Rulebook): Doubt[] => [
  ...caps.flatMap((cap, index) =>
    cap.points === 0 ? [{ path: ['caps', index], message: 'nothing is ever given under it' }] : [],
  ),
  ...earning.flatMap((rule, index) =>
    (rule.caps ?? []).some(({ points }) => points === 0)
      ? [{ path: ['earning', index, 'caps'], message: 'the rule never gives anything under it' }]
      : [],
  ),
];
