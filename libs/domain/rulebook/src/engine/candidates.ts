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

/**
 * Finds the rules that can apply to a receipt without trying the others: each rule stands under the values of the most telling name that its
 * conditions pin down (product before category before store), or among those that are always tried. 500 rules for 500 products cost what one does.
 */
export interface Index {
  readonly always: readonly CompiledRule[];
  /** By name, by value. */
  readonly by: ReadonlyMap<string, ReadonlyMap<string, readonly CompiledRule[]>>;
}

/** What of a receipt says which rules can apply. */
export const namesOf = ({ by }: Index): string[] =>
  [...by.keys()].map((name) => (isLineName(name) ? lineNames[name] : name));

const telling = ['line.product', 'line.brand', 'line.category', ...receiptNames];

export const indexOf = (rules: readonly CompiledRule[]): Index => {
  const always: CompiledRule[] = [];
  const by = new Map<string, Map<string, CompiledRule[]>>();
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
    const values = by.get(pinned.name) ?? new Map<string, CompiledRule[]>();
    by.set(pinned.name, values);
    for (const value of pinned.values) {
      const known = values.get(value);
      if (known === undefined) values.set(value, [rule]);
      else known.push(rule);
    }
  }
  return { always, by };
};

/** The rules that can apply, in the order of the document. */
export const candidatesOf = (index: Index, receipt: Bindings): readonly CompiledRule[] => {
  if (index.by.size === 0) return index.always;
  const found = new Set(index.always);
  for (const [name, rules] of index.by)
    for (const value of valuesOf(name, receipt))
      for (const rule of rules.get(value) ?? []) found.add(rule);
  return [...found].sort((a, b) => a.order - b.order);
};

const valuesOf = (name: string, receipt: Bindings): readonly string[] => {
  const bound = isLineName(name) ? receipt[lineNames[name]] : receipt[name];
  // A line that names no category has the empty one.
  if (typeof bound === 'object') return [...bound, ''];
  return bound === undefined ? [] : [String(bound)];
};

const isLineName = (name: string): name is keyof typeof lineNames => Object.hasOwn(lineNames, name);
