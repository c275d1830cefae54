import type { Node } from './check.js';

/** For each name that a condition pins down, the only values (as text) with which it can hold. An empty set: it can never hold. */
export type Narrowing = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * What must be so for a condition to hold: the parts of its outermost `&&` that say `name == value` or `name in [values]`. It may hold
 * less often than that, never more: good for leaving out what cannot apply.
 */
export const narrow = (root: Node): Narrowing => {
  const found = new Map<string, ReadonlySet<string>>();
  for (const part of conjuncts(root)) {
    const pinned = pinOf(part);
    if (pinned === null) continue;
    const before = found.get(pinned.name);
    const both =
      before === undefined ? pinned.values : pinned.values.filter((value) => before.has(value));
    found.set(pinned.name, new Set(both));
  }
  return found;
};

/** The values that names are compared with anywhere in a condition, by `==`, `!=` or `in`: a misspelt one stands among them. */
export const comparedIn = (root: Node): Narrowing => {
  const found = new Map<string, Set<string>>();
  const look = (node: Node): void => {
    const pinned = pinOf(node) ?? pinOf(node, '_!=_');
    if (pinned !== null)
      found.set(pinned.name, new Set([...(found.get(pinned.name) ?? []), ...pinned.values]));
    else if (node.exprKind.case === 'callExpr') node.exprKind.value.args.forEach(look);
  };
  look(root);
  return found;
};

export const callOf = (node: Node, name: string): readonly Node[] | null =>
  node.exprKind.case === 'callExpr' && node.exprKind.value.function === name
    ? node.exprKind.value.args
    : null;

export const conjuncts = (node: Node): Node[] => callOf(node, '_&&_')?.flatMap(conjuncts) ?? [node];

const pinOf = (
  node: Node,
  equality = '_==_',
): { readonly name: string; readonly values: string[] } | null => {
  const [left, right] = callOf(node, equality) ?? [];
  if (left !== undefined && right !== undefined) {
    const [name, value] =
      nameOf(left) === null ? [nameOf(right), valueOf(left)] : [nameOf(left), valueOf(right)];
    return name === null || value === null ? null : { name, values: [value] };
  }
  const [item, list] = callOf(node, '@in') ?? [];
  if (item === undefined || list?.exprKind.case !== 'listExpr') return null;
  const name = nameOf(item);
  const values = list.exprKind.value.elements.map(valueOf);
  return name === null || values.includes(null)
    ? null
    : { name, values: values.filter((value) => value !== null) };
};

export const nameOf = ({ exprKind }: Node): string | null => {
  if (exprKind.case === 'identExpr') return exprKind.value.name;
  if (exprKind.case !== 'selectExpr') return null;
  const { operand, field, testOnly } = exprKind.value;
  const before = operand === undefined || testOnly ? null : nameOf(operand);
  return before === null ? null : `${before}.${field}`;
};

export const valueOf = ({ exprKind }: Node): string | null => {
  if (exprKind.case !== 'constExpr') return null;
  const { constantKind } = exprKind.value;
  if (constantKind.case === 'stringValue') return constantKind.value;
  return constantKind.case === 'int64Value' ? constantKind.value.toString() : null;
};
