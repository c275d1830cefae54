import type { parse } from '@bufbuild/cel';
import { distance } from './distance.js';
import { conditionLimits } from './limits.js';
import { nameOf } from './narrow.js';
import type { ConditionType, Environment } from './types.js';
import { dayToInt, isDecimal } from './values.js';

export type Node = ReturnType<typeof parse>['expr'];
/** The type of a literal list, or of something wrong that has been told already. */
type Type = ConditionType | 'ints' | 'unknown';

export interface Fault {
  readonly node: bigint;
  readonly message: string;
}

/** What a checked condition says of itself. */
export interface Checked {
  readonly faults: readonly Fault[];
  /** The names that it looks at, each once, in the order in which they stand. */
  readonly names: readonly string[];
}

const ordered: readonly Type[] = ['int', 'decimal', 'date'];
const orderings = new Set(['_<_', '_<=_', '_>_', '_>=_']);
const equalities = new Set(['_==_', '_!=_']);
const texts = new Set(['startsWith', 'endsWith', 'contains']);
const plain: Readonly<Record<string, string>> = {
  '_&&_': '&&',
  '_||_': '||',
  '!_': '!',
  '_<_': '<',
  '_<=_': '<=',
  '_>_': '>',
  '_>=_': '>=',
  '_==_': '==',
  '_!=_': '!=',
  '@in': 'in',
  '_+_': '+',
  '_-_': '-',
  '-_': '-',
  '_*_': '*',
  '_/_': '/',
  '_%_': '%',
  '_[_]': '[ ]',
  '_?_:_': '? :',
};

/** Checks a parsed condition against what may be named: every part has a type, and the whole is true or false. */
export const check = (root: Node, environment: Environment): Checked => {
  const faults: Fault[] = [];
  const names = new Set<string>();
  let nodes = 0;
  const fault = (node: Node, message: string): Type => {
    faults.push({ node: node.id, message });
    return 'unknown';
  };
  const expect = (node: Node, depth: number, wanted: Type, where: string): void => {
    const type = typeOf(node, depth);
    if (type !== wanted && type !== 'unknown')
      fault(node, `${where} must be ${said(wanted)}, and this is ${said(type)}`);
  };

  const typeOf = (node: Node | undefined, depth: number): Type => {
    if (node === undefined) return 'unknown';
    nodes += 1;
    if (nodes === conditionLimits.nodesMax + 1)
      return fault(
        node,
        `is too long: split it into rules (${conditionLimits.nodesMax} parts at most)`,
      );
    if (nodes > conditionLimits.nodesMax) return 'unknown';
    if (depth > conditionLimits.depthMax)
      return fault(node, `is nested too deeply: at most ${conditionLimits.depthMax} levels`);
    const { exprKind } = node;
    switch (exprKind.case) {
      case 'constExpr':
        return constant(node, exprKind.value.constantKind);
      case 'identExpr':
      case 'selectExpr': {
        const name = nameOf(node);
        if (name === null) return fault(node, 'only names such as receipt.total have parts');
        // Names such as `constructor` are there in every object, and are none of ours.
        const type = Object.hasOwn(environment, name) ? environment[name] : undefined;
        if (type === undefined) return fault(node, unknownName(name, environment));
        names.add(name);
        return type;
      }
      case 'listExpr':
        return list(node, exprKind.value.elements, depth);
      case 'callExpr': {
        const { target, args, function: name } = exprKind.value;
        return target === undefined
          ? call(node, name, args, depth)
          : method(node, target, name, args, depth);
      }
      case 'comprehensionExpr':
        return fault(
          node,
          'exists, all, map and filter are not there: ask with `in`, or for each line with `lines`',
        );
      case 'structExpr':
        return fault(node, 'maps and messages are not there');
      case undefined:
        return fault(node, 'is empty');
    }
  };

  const list = (node: Node, elements: readonly Node[], depth: number): Type => {
    if (elements.length === 0)
      return fault(node, 'an empty list holds nothing: leave the test out');
    if (elements.length > conditionLimits.listItemsMax)
      return fault(node, `a list holds ${conditionLimits.listItemsMax} items at most`);
    // The items of a list cost no more than their number.
    const before = nodes;
    const types = new Set(elements.map((element) => typeOf(element, depth + 1)));
    nodes = before + 1;
    if (types.has('unknown')) return 'unknown';
    const [type] = types;
    if (types.size > 1)
      return fault(
        node,
        `the items of a list must be of one type, and these are ${[...types].map(said).join(' and ')}`,
      );
    if (type === 'string') return 'strings';
    if (type === 'int') return 'ints';
    return fault(
      node,
      'a list holds texts in quotes, or whole numbers: compare days and amounts by >= and <=',
    );
  };

  const both = (args: readonly Node[], depth: number): [Type, Type] => {
    const [left, right] = args;
    return [typeOf(left, depth + 1), typeOf(right, depth + 1)];
  };

  const call = (node: Node, name: string, args: readonly Node[], depth: number): Type => {
    const [first, second] = args;
    const operator = Object.hasOwn(plain, name) ? plain[name] : undefined;
    if (name === '_&&_' || name === '_||_' || name === '!_') {
      for (const arg of args) expect(arg, depth + 1, 'bool', `each side of ${operator ?? name}`);
      return 'bool';
    }
    if (orderings.has(name) || equalities.has(name)) {
      const [left, right] = both(args, depth);
      if (left === 'unknown' || right === 'unknown') return 'bool';
      if (left !== right) return mismatch(node, left, right, operator ?? name);
      if (orderings.has(name) && !ordered.includes(left))
        return fault(
          node,
          `${said(left)} cannot be compared by ${operator ?? name}: only == and !=`,
        );
      if (left === 'strings' || left === 'ints')
        return fault(node, `lists are not compared: ask with \`in\``);
      return 'bool';
    }
    if (name === '@in') {
      const [left, right] = both(args, depth);
      if (left === 'unknown' || right === 'unknown') return 'bool';
      const fits =
        (left === 'string' && right === 'strings') || (left === 'int' && right === 'ints');
      return fits
        ? 'bool'
        : fault(
            node,
            `\`in\` looks for a text in a list of texts, or a whole number in a list of them; here are ${said(left)} and ${said(right)}`,
          );
    }
    if (name === '_+_' || name === '_-_') {
      const [left, right] = both(args, depth);
      if (left === 'unknown' || right === 'unknown') return 'unknown';
      if (left !== right) return mismatch(node, left, right, operator ?? name);
      return left === 'int' || left === 'decimal'
        ? left
        : fault(node, `${operator ?? name} works on numbers, and this is ${said(left)}`);
    }
    if (name === '-_') {
      const type = typeOf(first, depth + 1);
      return type === 'int' || type === 'decimal' || type === 'unknown'
        ? type
        : fault(node, `- works on numbers, and this is ${said(type)}`);
    }
    if (name === 'decimal' || name === 'date') {
      const text = textOf(first);
      if (args.length !== 1 || text === null)
        return fault(node, `${name} takes one text in quotes, such as ${examples[name]}`);
      const good = name === 'decimal' ? isDecimal(text) : dayToInt(text) !== null;
      return good
        ? name
        : fault(node, `"${text.slice(0, 40)}" is no ${name}: write ${examples[name]}`);
    }
    if (name === 'size') {
      expect(first ?? node, depth + 1, 'strings', 'what size counts');
      return args.length === 1 && second === undefined ? 'int' : fault(node, 'size takes one list');
    }
    return fault(
      node,
      operator === undefined
        ? `there is no function ${name.slice(0, 40)}`
        : `${operator} is not there`,
    );
  };

  const method = (
    node: Node,
    target: Node,
    name: string,
    args: readonly Node[],
    depth: number,
  ): Type => {
    if (!texts.has(name))
      return fault(
        node,
        name === 'matches'
          ? 'patterns are not there: use startsWith, endsWith, contains or `in`'
          : `there is no ${name.slice(0, 40)}: texts have startsWith, endsWith and contains`,
      );
    expect(target, depth + 1, 'string', `what ${name} looks at`);
    const [first] = args;
    if (args.length !== 1 || first === undefined) return fault(node, `${name} takes one text`);
    expect(first, depth + 1, 'string', `what ${name} looks for`);
    return 'bool';
  };

  const constant = (
    node: Node,
    kind: Extract<Node['exprKind'], { case: 'constExpr' }>['value']['constantKind'],
  ): Type => {
    switch (kind.case) {
      case 'boolValue':
        return 'bool';
      case 'stringValue':
        return 'string';
      case 'int64Value':
        return kind.value <= 2n ** 53n && kind.value >= -(2n ** 53n)
          ? 'int'
          : fault(node, 'is too large a number');
      case 'doubleValue':
        return fault(node, `has a fraction: write decimal("${kind.value}")`);
      default:
        return fault(node, 'is no text, number, true or false');
    }
  };

  const mismatch = (node: Node, left: Type, right: Type, operator: string): Type =>
    fault(
      node,
      `${operator} compares like with like, and here are ${said(left)} and ${said(right)}${hint(left, right)}`,
    );

  const type = typeOf(root, 0);
  if (type !== 'bool' && type !== 'unknown')
    fault(root, `a condition is true or false, and this is ${said(type)}`);
  return { faults, names: [...names] };
};

const examples = { decimal: 'decimal("10.00")', date: 'date("2026-12-24")' } as const;

const textOf = (node: Node | undefined): string | null => {
  const kind = node?.exprKind;
  if (kind?.case !== 'constExpr' || kind.value.constantKind.case !== 'stringValue') return null;
  return kind.value.constantKind.value;
};

const said = (type: Type): string => {
  switch (type) {
    case 'bool':
      return 'true or false';
    case 'int':
      return 'a whole number';
    case 'decimal':
      return 'an amount';
    case 'string':
      return 'a text';
    case 'date':
      return 'a day';
    case 'strings':
      return 'a list of texts';
    case 'ints':
      return 'a list of whole numbers';
    case 'unknown':
      return 'something unknown';
  }
};

const hint = (left: Type, right: Type): string => {
  const pair = new Set([left, right]);
  if (pair.has('decimal') && (pair.has('int') || pair.has('string')))
    return `: write the amount as ${examples.decimal}`;
  if (pair.has('date') && pair.has('string')) return `: write the day as ${examples.date}`;
  if (pair.has('int') && pair.has('string')) return ': write the number without quotes';
  return '';
};

/** Names the nearest that there is, so that a slip of the pen is mended at once. */
const unknownName = (name: string, environment: Environment): string => {
  const known = Object.keys(environment);
  const nearest = known
    .map((other) => ({ other, far: distance(name, other) }))
    .sort((a, b) => a.far - b.far || (a.other < b.other ? -1 : 1))[0];
  const shown = name.slice(0, 60);
  if (nearest !== undefined && nearest.far <= 3)
    return `there is no ${shown}: did you mean ${nearest.other}?`;
  if (name.startsWith('line.') && !known.some((other) => other.startsWith('line.')))
    return `there is no ${shown} here: what is asked of a line stands in \`lines\``;
  const quoted = name.includes('.') ? '' : `a text stands in quotes, "${shown}"; `;
  return `there is no ${shown}: ${quoted}there are ${known.join(', ')}`;
};
