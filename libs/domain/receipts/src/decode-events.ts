import { WrittenByNewer } from '@tallystick/kernel';
import type { BudgetUsed } from './budgets.js';
import type { CardEvent, FactEvent } from './events.js';

/** A stored event of a stream that accrual alone writes: trusted, because this code or an older one wrote it. */
interface Stored {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
}

/** What this release understands of each stream: one schema version of each. */
const factTypes: Types<FactEvent> = {
  ReceiptRegistered: true,
  PartnerEventRegistered: true,
  FactPinned: true,
  FactRefused: true,
  ReturnNoted: true,
};
const cardTypes: Types<CardEvent> = {
  CardAttached: true,
  CardDetached: true,
  FactParked: true,
  FactClaimed: true,
};
const budgetTypes: Types<BudgetUsed> = { BudgetUsed: true };
type Types<Event extends { readonly type: string }> = { readonly [T in Event['type']]: true };

/** Each of these throws `WrittenByNewer` for a type or version that this release does not know. */
export const decodeFactEvent = (stored: Stored): FactEvent => read(stored, factTypes) as FactEvent;
export const decodeCardEvent = (stored: Stored): CardEvent => read(stored, cardTypes) as CardEvent;
export const decodeBudgetEvent = (stored: Stored): BudgetUsed =>
  read(stored, budgetTypes) as BudgetUsed;

const read = ({ type, schemaVersion, data }: Stored, types: object): object => {
  if (!Object.hasOwn(types, type) || schemaVersion > 1)
    throw new WrittenByNewer(`event ${type}`, schemaVersion);
  return { type, data: JSON.parse(data) as unknown };
};
