import { ledgerProjection } from '../ledger-views/projection.js';
import { memberProjection } from '../membership-views/projection.js';
import { programProjection } from '../program-views/projection.js';
import { receiptProjection } from '../receipt-views/projection.js';
import { folderOf, type Folder } from './folder.js';
import type { PastReader } from './past.js';
import type { Side, View } from './view.js';

/** Every projection of reporting. What is not in this list is neither consumed nor replayed. */
const projections = {
  programs: programProjection,
  members: memberProjection,
  receipts: receiptProjection,
  ledger: ledgerProjection,
};

/** Every view, in the one order in which tables are locked and written. */
export const allViews: readonly View[] = Object.values(projections).flatMap(({ views }) => views);
export const categories: readonly string[] = Object.values(projections).map(
  ({ category }) => category,
);

/**
 * Each projection's share of the memory for folded states, in units of `Projection.weigh`. With these a replay of 220,000
 * events needs a heap of less than 64 MiB.
 */
const weightMax = { ledger: 50_000, receipts: 5_000, members: 5_000, programs: 1_000 };

export type Folders = { readonly [P in keyof typeof projections]: Folder };

export const foldersOf = (side: Side, store: PastReader): Folders => ({
  ledger: folderOf(projections.ledger, side, store, weightMax.ledger),
  receipts: folderOf(projections.receipts, side, store, weightMax.receipts),
  members: folderOf(projections.members, side, store, weightMax.members),
  programs: folderOf(projections.programs, side, store, weightMax.programs),
});
