import { LRUCache } from 'lru-cache';
import type { StreamName } from '@tallystick/kernel';
import type { BudgetState, BudgetUsed } from '@tallystick/receipts';

/** A budget folded from its stream up to a revision. */
export interface HeldBudget {
  readonly state: BudgetState;
  /** Of the last event that is folded; -1: none. */
  readonly revision: number;
  /** All that ever happened to it, where that was asked for. */
  readonly whole?: readonly StoredUse[];
}

/** A use with the id of its event. */
export interface StoredUse extends BudgetUsed {
  readonly id: string;
}

const budgetsMax = 20_000;

/** What the budgets that were asked last have given, so that only what came since is read again. */
export class BudgetCache {
  private readonly budgets = new LRUCache<StreamName, HeldBudget>({ max: budgetsMax });

  get(stream: StreamName): HeldBudget | undefined {
    return this.budgets.get(stream);
  }

  put(stream: StreamName, { state, revision }: HeldBudget): void {
    const other = this.budgets.peek(stream);
    if (other === undefined || other.revision < revision)
      this.budgets.set(stream, { state, revision });
  }
}
