import { isScalar, visit, type parseDocument } from 'yaml';
import type { YamlFault } from './yaml-faults.js';

const shownMax = 40;

/** Fields that stand twice in one place. */
export const duplicates = (document: ReturnType<typeof parseDocument>): YamlFault[] => {
  const faults: YamlFault[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value))
          faults.push({
            offset: key.range?.[0] ?? 0,
            message: `${String(key.value).slice(0, shownMax)} stands here twice: leave one out`,
          });
        seen.add(key.value);
      }
    },
  });
  return faults;
};
