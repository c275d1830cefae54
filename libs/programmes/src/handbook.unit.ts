import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkDocument } from './document.js';

const page = readFileSync(new URL('../../../docs/rulebook.md', import.meta.url), 'utf8');
const [head = '', ...parts] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text = '']) => text,
);

describe('docs/rulebook.md', () => {
  it('has a head, and parts that follow it', () => {
    expect(head).toContain('rulebook: 1');
    expect(parts.length).toBeGreaterThan(8);
  });

  it.each(parts.map((part, nth) => ({ nth: nth + 1, part })))(
    'part $nth has no fault and leaves no doubt',
    ({ part }) => {
      const checked = checkDocument(head + part);
      expect(checked.ok ? checked.value.doubts : checked.error).toEqual([]);
    },
  );
});
