import { describe, expect, it } from '@jest/globals';
import { instant, programId } from '@tallystick/kernel';
import { traceIdOf } from '@tallystick/telemetry';
import {
  aboutMessages,
  currentContext,
  messageContext,
  metadata,
  takeCorrelationId,
  takeTraceparent,
} from './context.js';

const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${trace}-b7ad6b7169203331-01`;

describe('correlation ids', () => {
  it("keep the caller's when it is harmless", () => {
    expect(takeCorrelationId('till-12/2026:1')).toBe('till-12/2026:1');
  });
  it.each([[undefined], [''], ['a b'], ['a\nb'], ['x'.repeat(129)], [['a', 'b']]])(
    'are made new instead of %j',
    (given) => {
      expect(takeCorrelationId(given)).toMatch(/^[\da-f-]{36}$/);
    },
  );
});

describe('traceparent', () => {
  it('is taken when it is of version 00', () => {
    expect(takeTraceparent(parent)).toBe(parent);
    expect(traceIdOf(parent)).toBe(trace);
  });
  it('of a later version is read as 00', () => {
    expect(takeTraceparent(`cc${parent.slice(2)}-what-the-future-brings`)).toBe(parent);
  });
  it.each([
    ['upper case', parent.toUpperCase()],
    ['trace of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['span of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
    ['version ff', `ff${parent.slice(2)}`],
    ['too long for its version', `${parent}-x`],
    ['short', parent.slice(0, -1)],
    ['nothing', undefined],
  ])('is made new instead of: %s', (_, given) => {
    const made = takeTraceparent(given);
    expect(made).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(traceIdOf(made)).not.toBe(trace);
  });
});

describe('log lines about messages', () => {
  const message = (headers: Readonly<Record<string, string>>) => ({
    ...{ topic: 'receipts', partition: 0, offset: 0n, key: 'k', id: 'i', value: '', headers },
  });
  const said = (...all: readonly Readonly<Record<string, string>>[]) =>
    aboutMessages(all.map(message), () => currentContext.getStore());
  const correlation = { 'correlation-id': 'c-1' };

  it('carry what the message says, whether both or one of them', () => {
    expect(said({ traceparent: parent })).toEqual({ traceparent: parent });
    expect(said(correlation)).toEqual({ correlationId: 'c-1' });
    expect(said({ ...correlation, traceparent: 'rubbish' })).toEqual({ correlationId: 'c-1' });
    expect(said({ ...correlation, traceparent: parent })).toEqual({
      correlationId: 'c-1',
      traceparent: parent,
    });
    expect(said({})).toBeUndefined();
  });
  it('carry nothing where messages of several are handled together', () => {
    expect(said({ traceparent: parent }, {})).toBeUndefined();
  });
});

describe('what a message causes', () => {
  it('goes on with its correlation and its trace', () => {
    const message = {
      topic: 'ledger',
      partition: 0,
      offset: 0n,
      key: 'k',
      id: 'i',
      value: '',
      headers: { traceparent: parent, 'correlation-id': 'c-1' },
    };
    const context = messageContext(message, 'service:reporting');
    expect(context).toEqual({
      correlationId: 'c-1',
      traceparent: parent,
      actor: 'service:reporting',
    });
    const at = instant('2026-01-31T09:30:00Z');
    const of = { program: programId('p'), occurredAt: at, causationId: 'i' };
    expect(metadata(context, of, () => instant('2026-02-01T00:00:00Z'))).toEqual({
      program: 'p',
      occurredAt: at,
      recordedAt: '2026-02-01T00:00:00.000Z',
      actor: 'service:reporting',
      correlationId: 'c-1',
      causationId: 'i',
      traceparent: parent,
    });
  });
});
