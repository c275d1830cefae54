import {
  streamName,
  type AccountId,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { lotStateOf, type Account, type FactState, type Lot } from '@tallystick/ledger';
import { budgetCost, budgetIdOf, type Budget, type Rulebook } from '@tallystick/rulebook';

/** Where it is counted what a budget (or its part for a period, or a sender) has given: `budgetName` names it. */
export const budgetStream = (program: ProgramId, name: string): StreamName =>
  streamName('budget', program, name);

/** What a fact took of a budget at one account, or gave back to it. Written together with the award. */
export interface BudgetUsed {
  readonly type: 'BudgetUsed';
  readonly data: {
    readonly program: ProgramId;
    readonly budget: string;
    readonly fact: FactId;
    readonly factRevision: number;
    readonly account: AccountId;
    /** Points, or whole minor units of a budget in money; negative: given back. */
    readonly used: number;
  };
}

/** What a budget has given so far, net of what was given back. */
export interface BudgetState {
  readonly used: number;
}

export const untouchedBudget: BudgetState = { used: 0 };

export const evolveBudget = ({ used }: BudgetState, { data }: BudgetUsed): BudgetState => ({
  used: used + data.used,
});

/** What budgets have given, by their names. */
export type BudgetUse = ReadonlyMap<string, number>;

/** The budget that pays for a lot, as the version says it that gave the lot; null: none does, or nobody knows that version. */
export type BudgetOfLot = (lot: Lot) => Budget | null;

export const budgetOfLot =
  (versions: Iterable<Rulebook>): BudgetOfLot =>
  ({ budget, rulebook }) => {
    if (budget === undefined) return null;
    const id = budgetIdOf(budget);
    for (const { version, budgets = [] } of versions)
      if (version === rulebook) return budgets.find((one) => one.id === id) ?? null;
    return null;
  };

/** What budgets have given for receipts, as an account has them now. What came back of them is given back where the budget says so. */
export const budgetsUsedBy = (
  account: Account,
  facts: Iterable<FactState>,
  budgetOf: BudgetOfLot,
): BudgetUse => {
  const used = new Map<string, number>();
  for (const fact of facts) {
    const points = new Map<string, { budget: Budget; lot: Lot; points: number }>();
    fact.lots.forEach((id, index) => {
      const { lot } = lotStateOf(account, id);
      const budget = budgetOf(lot);
      if (budget === null || lot.budget === undefined) return;
      let own = points.get(lot.budget)?.points ?? 0;
      for (const line of fact.lines) {
        own += line.points[index] ?? 0;
        if (budget.returns === 'give-back') own -= line.reversed[index] ?? 0;
      }
      points.set(lot.budget, { budget, lot, points: own });
    });
    for (const [name, { budget, lot, points: own }] of points)
      used.set(name, (used.get(name) ?? 0) + budgetCost(budget, own, lot.cost));
  }
  return used;
};

/** What budgets gave for a partner's event: nothing of it ever comes back. */
export const budgetsUsedByLots = (lots: readonly Lot[], budgetOf: BudgetOfLot): BudgetUse => {
  const used = new Map<string, number>();
  for (const lot of lots) {
    const budget = budgetOf(lot);
    if (budget === null || lot.budget === undefined) continue;
    used.set(lot.budget, (used.get(lot.budget) ?? 0) + budgetCost(budget, lot.points, lot.cost));
  }
  return used;
};

/** The sum of two uses, or with `sign` -1 what the second lacks of the first; what comes to nothing is left out. */
export const addedUse = (one: BudgetUse, other: BudgetUse, sign: 1 | -1 = 1): BudgetUse => {
  const sum = new Map(one);
  for (const [name, used] of other) sum.set(name, (sum.get(name) ?? 0) + sign * used);
  for (const [name, used] of sum) if (used === 0) sum.delete(name);
  return sum;
};
