import type { Condition } from '@tallystick/conditions';
import { engineOf, type EarningRule, type Rulebook } from '@tallystick/rulebook';
import { doubtsAboutAmounts } from './doubts-of-amounts.js';
import { doubtAbout } from './doubts-of-conditions.js';
import { doubtsAboutSlips } from './doubts-of-slips.js';

/** Something that a document may say, and that can hardly be meant. */
export interface Doubt {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Rules that can never give anything, and amounts that were hardly meant, each with the reason. Of a checked rulebook. */
export const doubtsAbout = (book: Rulebook): Doubt[] => {
  const { rules, discounts } = engineOf(book);
  const doubts: Doubt[] = [];
  const look = (list: string, index: number, part: string, condition: Condition | null): void => {
    const message = condition === null ? null : doubtAbout(condition, book);
    if (message !== null) doubts.push({ path: [list, index, part], message });
  };
  for (const { order, when, lines } of rules) {
    look('earning', order, 'when', when);
    look('earning', order, 'lines', lines);
  }
  discounts.forEach(({ when, lines }, index) => {
    look('discounts', index, 'when', when);
    look('discounts', index, 'lines', lines);
  });
  return [...doubts, ...neverTaken(book), ...doubtsAboutAmounts(book), ...doubtsAboutSlips(book)];
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
