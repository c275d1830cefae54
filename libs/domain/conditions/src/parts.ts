import type { Node } from './check.js';

/** What it takes at most to ask a condition once: names, values and operators, each 1. A list of mere values is one, however long. */
export const partsOf = ({ exprKind }: Node): number => {
  switch (exprKind.case) {
    case 'callExpr': {
      const { target, args } = exprKind.value;
      return 1 + sum(target === undefined ? args : [target, ...args]);
    }
    case 'listExpr': {
      const { elements } = exprKind.value;
      return elements.every((element) => element.exprKind.case === 'constExpr')
        ? 1
        : 1 + sum(elements);
    }
    default:
      return 1;
  }
};

const sum = (nodes: readonly Node[]): number => nodes.reduce((all, node) => all + partsOf(node), 0);
