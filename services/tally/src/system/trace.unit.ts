import { describe, expect, it } from '@jest/globals';
import { traceOfRun } from './trace.js';

describe('the trace of a run', () => {
  it('is that of whoever calls, when the environment names it', () => {
    const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    expect(traceOfRun({ TRACEPARENT: given })).toBe(given);
  });

  it.each([undefined, '', 'rubbish', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
    'is a new one otherwise: %s',
    (given) => {
      const traces = [1, 2].map(() => traceOfRun({ TRACEPARENT: given }));
      for (const trace of traces) expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(traces[0]).not.toBe(traces[1]);
    },
  );
});
