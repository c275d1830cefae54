import type { BudgetUsed } from './budgets.js';
import type { CardEvent, FactEvent } from './events.js';

/** A stored event of a stream that accrual alone writes: trusted, because this code wrote it. */
interface Stored {
  readonly type: string;
  readonly data: string;
}

export const decodeFactEvent = ({ type, data }: Stored): FactEvent =>
  ({ type, data: JSON.parse(data) as unknown }) as FactEvent;

export const decodeCardEvent = ({ type, data }: Stored): CardEvent =>
  ({ type, data: JSON.parse(data) as unknown }) as CardEvent;

export const decodeBudgetEvent = ({ type, data }: Stored): BudgetUsed =>
  ({ type, data: JSON.parse(data) as unknown }) as BudgetUsed;
