import type { Rulebook } from '@tallystick/rulebook';

/** What a document says otherwise than a version before it, where it may not: the field, and what to write instead. */
export interface ChangedMeaning {
  /** `['certificates', 0, 'period']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Remembered = Pick<Rulebook, 'certificates' | 'budgets'>;

/**
 * Ids that stand for something else than in any version before. Accounts and budgets remember what an id came to: a certificate by its rule
 * and the first day of its period, which a month, a quarter and a year can share; a budget by its id, in its own unit. So neither ever
 * changes, not even after versions that leave the id out.
 */
export const changedMeanings = (
  book: Remembered,
  before: readonly Remembered[],
): readonly ChangedMeaning[] => {
  const changed = (
    kind: string,
    id: string,
    path: ChangedMeaning['path'],
    is: string,
    earlier: readonly (string | undefined)[],
  ): ChangedMeaning[] => {
    const was = earlier.find((meaning) => meaning !== undefined && meaning !== is);
    if (was === undefined) return [];
    return [{ path, message: `${kind} ${id} was ${was}, now ${is}: give it another id` }];
  };
  const certificates = (book.certificates ?? []).flatMap(({ id, period }, index) =>
    changed(
      ...['certificate' as const, id, ['certificates', index, 'period'], `by the ${period}`],
      before.map((other) => {
        const same = other.certificates?.find((rule) => rule.id === id);
        return same && `by the ${same.period}`;
      }),
    ),
  );
  const budgets = (book.budgets ?? []).flatMap((budget, index) => {
    const same = before.map((other) => other.budgets?.find(({ id }) => id === budget.id));
    const path = ['budgets', index, budget.money === undefined ? 'points' : 'money'];
    return [
      ...changed(
        'budget',
        budget.id,
        path,
        unitOf(budget),
        same.map((own) => own && unitOf(own)),
      ),
      ...changed(
        ...['budget' as const, budget.id, ['budgets', index], sharedBy(budget)],
        same.map((own) => own && sharedBy(own)),
      ),
    ];
  });
  return [...certificates, ...budgets];
};

type Budget = NonNullable<Rulebook['budgets']>[number];

const unitOf = ({ money }: Budget): string => (money === undefined ? 'in points' : 'in money');

/** A sender may be called like a month: what each sender has is never what all have for a month. */
const sharedBy = ({ each }: Budget): string =>
  each === undefined ? 'one for all' : `one for each ${each}`;
