import { getHeapStatistics } from 'node:v8';
import { LRUCache } from 'lru-cache';
import type { StreamName } from '@tallystick/kernel';
import type { Account } from '@tallystick/ledger';

/** An account folded from its stream up to a revision. */
export interface Held {
  readonly state: Account;
  /** Of the last event that is folded; -1: none. */
  readonly revision: number;
  /** Of the last event that is folded, or a later one of the same append; 0n: none. */
  readonly position: bigint;
}

/** What an entry of a state takes; measured at 463 with receipts of three lines. */
const entryBytes = 500;

/** Of the heap that Node may take, which follows the memory of the machine or container: two services that keep accounts may be in one process. */
const heapShare = 5;

const bytesMaxDefault = (): number => getHeapStatistics().heap_size_limit / heapShare;

/** How much an account's state holds: its lots, facts with their lines, and all else that it remembers, by count. */
export const weightOf = (account: Account): number => {
  let weight = 4 + account.lots.size + account.emptied.size + account.redemptions.size;
  weight += account.holds.size + account.known.size;
  weight += account.history.size + account.counted.size;
  for (const { lines } of account.facts.values()) weight += 1 + lines.length;
  return weight;
};

/**
 * States of the accounts that were used last, bounded by what they hold together (`bytesMax`). Who takes one has it alone, because `evolve` changes
 * it in place: it is put back when it is what the store has, and forgotten when that is in doubt. A state may be behind the
 * store, never beside it: its reader reads on from `revision`, or finds out by a conflict.
 */
export class AccountCache {
  private readonly states: LRUCache<StreamName, Held>;

  constructor({
    bytesMax = bytesMaxDefault(),
    weightMax = Math.ceil(bytesMax / entryBytes),
  }: { readonly bytesMax?: number; readonly weightMax?: number } = {}) {
    this.states = new LRUCache({
      maxSize: weightMax,
      sizeCalculation: ({ state }) => weightOf(state),
    });
  }

  take(stream: StreamName): Held | undefined {
    const held = this.states.get(stream);
    this.states.delete(stream);
    return held;
  }

  put(stream: StreamName, held: Held): void {
    const other = this.states.peek(stream);
    if (other === undefined || other.revision < held.revision) this.states.set(stream, held);
  }

  /** What is held together, as `weightOf` counts. */
  get weight(): number {
    return this.states.calculatedSize;
  }
}
