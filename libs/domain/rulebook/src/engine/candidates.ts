import type { Condition, Seen } from '@tallystick/conditions';

/** A rule by what its conditions pin down. */
interface Pinned {
  /** Its place in the document. */
  readonly order: number;
  readonly when: Pick<Condition, 'narrowing'> | null;
  readonly lines: Pick<Condition, 'narrowing'> | null;
}

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
export interface Index<Rule> {
  readonly always: readonly Rule[];
  /** By name, by value. */
  readonly by: ReadonlyMap<string, ReadonlyMap<string, readonly Rule[]>>;
}

/** What of a receipt says which rules can apply. */
export const namesOf = ({ by }: Pick<Index<unknown>, 'by'>): string[] =>
  [...by.keys()].map((name) => (isLineName(name) ? lineNames[name] : name));

const telling = ['line.product', 'line.brand', 'line.category', ...receiptNames];

export const indexOf = <Rule extends Pinned>(rules: readonly Rule[]): Index<Rule> => {
  const always: Rule[] = [];
  const by = new Map<string, Map<string, Rule[]>>();
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
    const values = by.get(pinned.name) ?? new Map<string, Rule[]>();
    by.set(pinned.name, values);
    for (const value of pinned.values) {
      const known = values.get(value);
      if (known === undefined) values.set(value, [rule]);
      else known.push(rule);
    }
  }
  return { always, by };
};

/** The rules that can apply, in the order of the document. `seen`: what a receipt has for each name of `namesOf`. */
export const candidatesOf = <Rule extends Pinned>(
  { always, by }: Index<Rule>,
  seen: (name: string) => Seen | undefined,
): readonly Rule[] => {
  if (by.size === 0) return always;
  const found = new Set<Rule>();
  for (const [name, rules] of by) {
    const add = (value: string): void => {
      for (const rule of rules.get(value) ?? []) found.add(rule);
    };
    const values = seen(isLineName(name) ? lineNames[name] : name);
    if (typeof values === 'object') {
      for (const value of values) add(value);
      // A line that names no category has the empty one.
      add('');
    } else if (values !== undefined) add(String(values));
  }
  return inOrder(
    always,
    [...found].sort((a, b) => a.order - b.order),
  );
};

/** Two lists that are in order, as one. */
const inOrder = <Rule extends Pinned>(
  always: readonly Rule[],
  found: readonly Rule[],
): readonly Rule[] => {
  const all: Rule[] = [];
  let next = 0;
  for (const rule of found) {
    for (let own = always[next]; own !== undefined && own.order < rule.order; own = always[next]) {
      all.push(own);
      next += 1;
    }
    all.push(rule);
  }
  for (const rule of always.slice(next)) all.push(rule);
  return all;
};

const isLineName = (name: string): name is keyof typeof lineNames => Object.hasOwn(lineNames, name);
