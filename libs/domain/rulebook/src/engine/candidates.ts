import type { Bindings } from '@tallystick/conditions';
import type { CompiledRule } from './compile.js';

/** Names that have one value on a receipt: a rule that pins one down is found by it. */
const receiptNames = [
  'receipt.store',
  'receipt.chain',
  'receipt.channel',
  'receipt.weekday',
  'member.tier',
];
/** Names of lines, and where a receipt says which values its lines have. */
const lineNames = {
  'line.category': 'receipt.categories',
  'line.product': 'receipt.products',
  'line.brand': 'receipt.brands',
} as const;

type Key = string;
const keyOf = (name: string, value: string): Key => `${name} ${value}`;

/**
 * Finds the rules that can apply to a receipt without trying the others: each rule stands under the values of the most telling name that its
 * conditions pin down (product before category before store), or among those that are always tried. 500 rules for 500 products cost what one does.
 */
export interface Index {
  readonly always: readonly CompiledRule[];
  readonly by: ReadonlyMap<Key, readonly CompiledRule[]>;
  readonly names: ReadonlySet<string>;
}

const telling = ['line.product', 'line.brand', 'line.category', ...receiptNames];

export const indexOf = (rules: readonly CompiledRule[]): Index => {
  const always: CompiledRule[] = [];
  const by = new Map<Key, CompiledRule[]>();
  const names = new Set<string>();
  for (const rule of rules) {
    const pinned = telling
      .map((name) => ({
        name,
        values: rule.lines?.narrowing.get(name) ?? rule.when?.narrowing.get(name),
      }))
      .find(({ values }) => values !== undefined);
    if (pinned?.values === undefined) {
      always.push(rule);
      continue;
    }
    names.add(pinned.name);
    for (const value of pinned.values) {
      const key = keyOf(pinned.name, value);
      by.set(key, [...(by.get(key) ?? []), rule]);
    }
  }
  return { always, by, names };
};

/** The rules that can apply, in the order of the document. */
export const candidatesOf = (index: Index, receipt: Bindings): readonly CompiledRule[] => {
  if (index.by.size === 0) return index.always;
  const found = new Set(index.always);
  for (const name of index.names) {
    for (const value of valuesOf(name, receipt))
      for (const rule of index.by.get(keyOf(name, value)) ?? []) found.add(rule);
  }
  return [...found].sort((a, b) => a.order - b.order);
};

const valuesOf = (name: string, receipt: Bindings): readonly string[] => {
  const bound = isLineName(name) ? receipt[lineNames[name]] : receipt[name];
  // A line that names no category has the empty one.
  if (typeof bound === 'object') return [...bound, ''];
  return bound === undefined ? [] : [String(bound)];
};

const isLineName = (name: string): name is keyof typeof lineNames => Object.hasOwn(lineNames, name);
