import type { Connection } from '@tallystick/postgres';
import { allViews, foldersOf } from '../views/all.js';
import type { View } from '../views/view.js';
import { align, createLaggingTable } from './align.js';
import { compareView } from './compare.js';
import { foldStore, type FoldStore } from './fold-store.js';
import { inTrial } from './on-connection.js';
import type { ReplayReport, ViewReport } from './report.js';
import { createShadow, dropShadow, finishShadow, goneViews } from './shadow.js';
import { swap } from './swap.js';

/** A round of folding that brought fewer events than this has come to the end, even while events keep coming. */
const roundEventsMin = 1_000;
const roundsMax = 20;
/** How long to wait for the live views to take in what was in the store at the beginning. */
const catchUpMs = 60_000;
/** Before a rebuild: they may be stuck, which is why it was asked for. */
const catchUpBeforeRebuildMs = 5_000;

export interface ReplayWork extends Omit<FoldStore, 'folders'> {
  /** Whether the live views come to have everything up to a position, within a time. */
  readonly caughtUp: (position: bigint, timeoutMs: number) => Promise<boolean>;
}

/**
 * Folds the whole store again beside the live views, through the same projections, and compares. Replaces the live views
 * when that is asked for, or when they are not there. Events may keep coming all the while.
 */
export const runReplay = async (
  work: ReplayWork,
  options: { readonly rebuild: boolean },
): Promise<ReplayReport> => {
  const { connection, store } = work;
  await createShadow(connection);
  const began = await store.head();
  const of: FoldStore = { ...work, folders: foldersOf('replay', store) };
  let position = await foldToEnd(of, 0n);

  const gone = await goneViews(connection);
  const rebuilds = options.rebuild || gone.size > 0;
  const patience = gone.size > 0 ? 0 : rebuilds ? catchUpBeforeRebuildMs : catchUpMs;
  const caughtUp = patience > 0 && (await work.caughtUp(began, patience));
  position = await foldToEnd(of, position);
  work.signal.throwIfAborted();

  await finishShadow(connection);
  const views = await compareAll(of, gone, caughtUp ? began : null);
  if (rebuilds) ({ position } = await swap(of, position));
  else await dropShadow(connection);
  return {
    position: position.toString(),
    caughtUp,
    equal: rebuilds || (caughtUp && views.every(isEqual)),
    rebuilt: rebuilds,
    views,
  };
};

const isEqual = ({ different, missing, extra }: ViewReport): boolean =>
  different + missing + extra === 0;

const foldToEnd = async (of: FoldStore, after: bigint): Promise<bigint> => {
  let position = after;
  for (let round = 0; round < roundsMax; round += 1) {
    const folded = await foldStore(of, position, 'own');
    position = folded.position;
    if (folded.events < roundEventsMin) break;
  }
  return position;
};

/**
 * All views as they are at one moment. The shadow is brought to the revisions of the live rows for it, which is undone
 * afterwards.
 */
const compareAll = (
  { connection, store, folders }: FoldStore & { readonly connection: Connection },
  gone: ReadonlySet<View>,
  caughtUpTo: bigint | null,
): Promise<ViewReport[]> =>
  inTrial(connection, 'begin isolation level repeatable read', async () => {
    await createLaggingTable(connection);
    const aligning = foldersOf('replay', store);
    for (const folder of Object.values(aligning)) {
      if (!gone.has(folder.head)) await align(connection, folder, store, caughtUpTo);
    }
    const reports: ViewReport[] = [];
    for (const folder of Object.values(folders)) {
      for (const view of folder.views) {
        reports.push(await compareView(connection, folder, view, gone.has(view)));
      }
    }
    return reports.sort((a, b) => order(a) - order(b));
  });

const order = ({ view }: ViewReport): number => allViews.findIndex(({ name }) => name === view);
