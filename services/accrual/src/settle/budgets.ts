import type { EventMetadata } from '@tallystick/event-store';
import type { AccountId, FactId } from '@tallystick/kernel';
import type { FactState, ReceiptEvent } from '@tallystick/ledger';
import {
  addedUse,
  budgetOfLot,
  budgetsUsedBy,
  budgetsUsedByLots,
  isReceipt,
  revisionOf,
  type BudgetOfLot,
  type BudgetUse,
  type Fact,
  type Part,
} from '@tallystick/receipts';
import { budgetsAsked, isSale, pointsLeft, type Rulebook } from '@tallystick/rulebook';
import type { Program } from '../programs/catalog.js';
import type { Workspace } from './workspace.js';

/** Whether any version of a programme has budgets. */
export const hasBudgets = (program: Program): boolean =>
  program.versions.some(({ book }) => book.budgets !== undefined);

/** Whether a fact may give back what an earlier one had of a budget: goods come back, or it corrects itself. */
export const givesBack = (fact: Fact): boolean =>
  isReceipt(fact) && (fact.revision > 1 || !fact.lines.every(isSale));

/** How many points are left of each budget that a basket may ask, as loaded. */
export const budgetsLeft = (
  workspace: Workspace,
  fact: Fact,
  book: Rulebook,
  own: BudgetUse = new Map(),
): ReadonlyMap<string, number> =>
  new Map(
    budgetsAsked(fact, book).map(({ budget, name }) => {
      const { used } = workspace.budget(fact.program, name).state;
      return [name, pointsLeft(budget, used - (own.get(name) ?? 0), book)];
    }),
  );

/**
 * What one fact draws on the programme's budgets, account by account: the streams of the budgets are written together with the award, as of
 * the revision that they were read at, so that nobody gives a point that somebody else has given already.
 */
export class BudgetDraw {
  private readonly budgetOf: BudgetOfLot;
  /** What a crash left: counted already for this very revision, and not awarded. */
  private counted: BudgetUse;

  constructor(
    private readonly workspace: Workspace,
    private readonly program: Program,
    private readonly fact: Fact,
    applied: readonly Part[],
  ) {
    this.budgetOf = budgetOfLot(program.versions.map(({ book }) => book));
    this.counted = hasBudgets(program) ? this.countedBefore(program, applied) : new Map();
  }

  /** What is left for the fact, that included which an earlier revision of it has now at the accounts that it goes to. */
  left(book: Rulebook, parts: readonly Part[]): ReadonlyMap<string, number> {
    let own = this.counted;
    for (const { account } of parts) {
      const { state } = this.workspace.account(this.fact.program, account);
      const earlier = state.facts.get(this.fact.id);
      if (earlier !== undefined)
        own = addedUse(own, budgetsUsedBy(state, [earlier], this.budgetOf));
    }
    return budgetsLeft(this.workspace, this.fact, book, own);
  }

  /** What an account's facts have of the budgets; of a fact that gives nothing back only its own is looked at. */
  usedAt(account: AccountId): BudgetUse {
    if (!hasBudgets(this.program)) return new Map();
    const { state } = this.workspace.account(this.fact.program, account);
    const own = state.facts.get(this.fact.id);
    const facts: Iterable<FactState> = givesBack(this.fact)
      ? state.facts.values()
      : own === undefined
        ? []
        : [own];
    return budgetsUsedBy(state, facts, this.budgetOf);
  }

  /** Counts what was decided on an account. `before`: what `usedAt` said before it. */
  record(
    account: AccountId,
    before: BudgetUse,
    events: readonly ReceiptEvent[],
    metadata: EventMetadata,
    firstOrdinal = 0,
  ): void {
    const after = isReceipt(this.fact)
      ? this.usedAt(account)
      : budgetsUsedByLots(events.flatMap(lotsOf), this.budgetOf);
    const used = addedUse(addedUse(after, before, -1), this.counted, -1);
    this.counted = new Map();
    const { id, program } = this.fact;
    for (const [budget, points] of used)
      this.workspace.recordBudget(
        {
          type: 'BudgetUsed',
          data: {
            ...{ program, budget, fact: id, factRevision: revisionOf(this.fact), account },
            used: points,
          },
        },
        metadata,
        firstOrdinal,
      );
  }

  private countedBefore(program: Program, applied: readonly Part[]): BudgetUse {
    const done = new Set(applied.map(({ account }) => account));
    const counted = new Map<string, number>();
    const names = new Set(
      program.versions.flatMap(({ book }) => budgetsAsked(this.fact, book)).map(({ name }) => name),
    );
    for (const name of names) {
      for (const { data } of this.workspace.budgetIfLoaded(program.id, name)?.whole ?? [])
        if (isOf(data, this.fact) && !done.has(data.account))
          counted.set(name, (counted.get(name) ?? 0) + data.used);
    }
    return counted;
  }
}

const isOf = (
  data: { readonly fact: FactId; readonly factRevision: number },
  fact: Fact,
): boolean => data.fact === fact.id && data.factRevision === revisionOf(fact);

const lotsOf = (event: ReceiptEvent) => (event.type === 'PointsEarned' ? event.data.lots : []);
