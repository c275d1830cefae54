import { boundedSet } from './bounded-set.js';

/** Keys of receipts that are gone, so that a line that comes later is known as late. Beyond it the service refuses such a receipt, as one of the same number with other content. */
export const goneKeysMax = 20_000;

export interface WindowLimits {
  /** A receipt is whole when so many rows have passed since its last one; 0: with its first. */
  readonly rows: number;
  /** Rows held at once; beyond it the oldest receipt leaves as it is. */
  readonly rowsHeld: number;
}

/** The rows of one receipt, in the order of the file. */
export interface Group<R> {
  readonly key: string;
  readonly rows: readonly R[];
}

/**
 * Brings together rows of one receipt that do not stand together, in bounded memory. Receipts leave in the order of
 * their first rows: one that goes on keeps those after it waiting, so that a card's receipts stay in their order.
 */
export interface Window<R> {
  /** Takes the next row. `late`: its receipt has left already. */
  readonly take: (key: string, row: R) => 'taken' | 'late';
  /** A row passes that belongs to no receipt. */
  readonly pass: () => void;
  /** The receipts that are whole by now, each once. */
  readonly leaving: () => Generator<Group<R>>;
  /** The rest, at the end of the file. */
  readonly end: () => Generator<Group<R>>;
  readonly rowsHeld: () => number;
}

interface OpenGroup<R> {
  readonly key: string;
  readonly rows: R[];
  lastRow: number;
}

export const openWindow = <R>(limits: WindowLimits): Window<R> => {
  // A Map keeps the order of insertion: its first entry is the receipt that began first.
  const open = new Map<string, OpenGroup<R>>();
  const gone = boundedSet(goneKeysMax);
  let passed = 0;
  let held = 0;

  function* leave(mayLeave: (oldest: OpenGroup<R>) => boolean): Generator<Group<R>> {
    for (const group of open.values()) {
      if (!mayLeave(group)) return;
      open.delete(group.key);
      gone.add(group.key);
      held -= group.rows.length;
      yield { key: group.key, rows: group.rows };
    }
  }

  return {
    take: (key, row) => {
      passed += 1;
      const group = open.get(key);
      if (group !== undefined) {
        group.rows.push(row);
        group.lastRow = passed;
      } else if (gone.has(key)) {
        return 'late';
      } else {
        open.set(key, { key, rows: [row], lastRow: passed });
      }
      held += 1;
      return 'taken';
    },
    pass: () => {
      passed += 1;
    },
    leaving: () =>
      leave((oldest) => held > limits.rowsHeld || passed - oldest.lastRow >= limits.rows),
    end: () => leave(() => true),
    rowsHeld: () => held,
  };
};
