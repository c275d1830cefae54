import canonicalize from 'canonicalize';

/** RFC 8785 text of a JSON value: what is hashed is what is kept. */
export const canonicalJson = (value: unknown): string => {
  const sorted = sortedCopy(value, 0);
  const text = sorted === unusual ? canonicalize(value) : JSON.stringify(sorted);
  if (text === undefined) throw new Error('not a JSON value');
  return text;
};

/** Stands for what the package is asked to write, or to refuse. */
const unusual = Symbol('unusual');
const depthMax = 50;
/** An object has keys like `7` first, whatever the order in which they were set; and some keys are no plain properties. */
const unusualKey = /^\d|^__proto__$|^toJSON$/;

/**
 * The value with the keys of its objects in canonical order, in which `JSON.stringify` then writes them: its numbers and texts are those of
 * RFC 8785, and it is several times as fast as the package. `unusual`: there is something in it for which that may not hold.
 */
const sortedCopy = (value: unknown, depth: number): unknown => {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : unusual;
    case 'number':
      return Number.isFinite(value) ? value : unusual;
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      if (depth === depthMax) return unusual;
      if (Array.isArray(value)) return sortedItems(value, depth + 1);
      return Object.getPrototypeOf(value) === Object.prototype
        ? sortedObject(value, depth + 1)
        : unusual;
    default:
      return unusual;
  }
};

const sortedItems = (items: readonly unknown[], depth: number): unknown => {
  const copies: unknown[] = [];
  for (const item of items) {
    const copy = sortedCopy(item, depth);
    if (copy === unusual) return unusual;
    copies.push(copy);
  }
  return copies;
};

const sortedObject = (object: object, depth: number): unknown => {
  const copy: Record<string, unknown> = {};
  for (const key of inOrder(Object.keys(object))) {
    const item: unknown = Reflect.get(object, key);
    if (item === undefined) continue;
    const inside = sortedCopy(item, depth);
    if (inside === unusual || unusualKey.test(key) || !key.isWellFormed()) return unusual;
    copy[key] = inside;
  }
  return copy;
};

const fewMax = 32;

/** By UTF-16 code units, in place. Of few keys by insertion: `sort` makes arrays of its own, an eighth of all that a busy service allocates. */
const inOrder = (keys: string[]): readonly string[] => {
  if (keys.length > fewMax) return keys.sort();
  for (const [from, key] of keys.entries()) {
    let at = from;
    for (; at > 0; at -= 1) {
      const before = keys[at - 1];
      if (before === undefined || before <= key) break;
      keys[at] = before;
    }
    keys[at] = key;
  }
  return keys;
};
