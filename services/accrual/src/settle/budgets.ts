import { newEvent, type EventMetadata } from '@tallystick/event-store';
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
import type { StoredUse } from './budget-cache.js';
import { homeOf } from './successors.js';
import type { Workspace } from './workspace.js';

/**
 * An event's id comes from its fact, an ordinal and its content, and one fact may do the same to two accounts, or the same to one twice:
 * each account, and each time, has ordinals of its own.
 */
export const ordinalsApart = { accounts: 100_000, times: 100 };

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
  /** All that was ever counted for this revision, where that was read: it is when a crash may have come. */
  private readonly uses: readonly StoredUse[];
  private readonly done: ReadonlySet<AccountId>;

  constructor(
    private readonly workspace: Workspace,
    private readonly program: Program,
    private readonly fact: Fact,
    applied: readonly Part[],
  ) {
    this.budgetOf = budgetOfLot(program.versions.map(({ book }) => book));
    this.done = new Set(applied.map(({ account }) => homeOf(workspace, program.id, account)));
    this.uses = workspace
      .usesInWhole()
      .filter(({ data }) => data.program === program.id && isOf(data, fact));
    this.counted = summed(this.uses.filter((use) => !this.isDone(use)));
  }

  /**
   * To be called before anything is decided on an account. Where the fact has had an effect there before, all that tells what a crash left
   * of the next one is that its events would have these ordinals.
   */
  resume(account: AccountId, firstOrdinal: number, metadata: EventMetadata): void {
    const left = this.uses.filter(
      (use) =>
        use.data.account === account && this.isDone(use) && isFrom(use, firstOrdinal, metadata),
    );
    this.counted = addedUse(this.counted, summed(left));
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
        // What a crash left has the first.
        firstOrdinal + this.uses.filter(({ data }) => data.budget === budget).length,
      );
  }

  private isDone({ data }: StoredUse): boolean {
    return this.done.has(homeOf(this.workspace, this.program.id, data.account));
  }
}

const summed = (uses: readonly StoredUse[]): BudgetUse =>
  uses.reduce<BudgetUse>(
    (sum, { data }) => addedUse(sum, new Map([[data.budget, data.used]])),
    new Map(),
  );

/** Whether a use is of the decision whose events' ordinals begin there. */
const isFrom = (
  { id, type, data }: StoredUse,
  firstOrdinal: number,
  metadata: EventMetadata,
): boolean =>
  Array.from({ length: ordinalsApart.times }, (_, index) => firstOrdinal + index).some(
    (ordinal) => newEvent(data.fact, ordinal, { type, data }, metadata).id === id,
  );

const isOf = (
  data: { readonly fact: FactId; readonly factRevision: number },
  fact: Fact,
): boolean => data.fact === fact.id && data.factRevision === revisionOf(fact);

const lotsOf = (event: ReceiptEvent) => (event.type === 'PointsEarned' ? event.data.lots : []);
