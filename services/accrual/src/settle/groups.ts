/**
 * Splits items into groups so that items of different groups share no key; order is kept within a group.
 * Union-find with path halving: close to linear in items and keys.
 */
export const groupByShared = <Item>(
  items: readonly Item[],
  keysOf: (item: Item) => readonly string[],
): Item[][] => {
  const parents = items.map((_, index) => index);
  const rootOf = (index: number): number => {
    let at = index;
    for (;;) {
      const parent = parents[at] ?? at;
      if (parent === at) return at;
      const grand = parents[parent] ?? parent;
      parents[at] = grand;
      at = grand;
    }
  };
  const firstWith = new Map<string, number>();
  items.forEach((item, index) => {
    for (const key of keysOf(item)) {
      const first = firstWith.get(key);
      if (first === undefined) firstWith.set(key, index);
      else parents[rootOf(index)] = rootOf(first);
    }
  });
  const groups = new Map<number, Item[]>();
  items.forEach((item, index) => {
    const root = rootOf(index);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [item]);
    else group.push(item);
  });
  return [...groups.values()];
};

/** Puts whole groups together, in their order, up to so many items in each bundle; more only where one group has more. */
export const bundlesOf = <Item>(
  groups: readonly (readonly Item[])[],
  itemsMax: number,
): (readonly Item[])[][] => {
  const bundles: (readonly Item[])[][] = [];
  let items = Infinity;
  for (const group of groups) {
    if (items + group.length > itemsMax) {
      bundles.push([]);
      items = 0;
    }
    bundles.at(-1)?.push(group);
    items += group.length;
  }
  return bundles;
};
