import { describe, expect, it } from '@jest/globals';
import { appendLimits, canonicalJson, checkAppend } from '@tallystick/event-store';
import { Points, factId, instant, programId, streamName } from '@tallystick/kernel';
import { LedgerReader, type LedgerEvent } from '@tallystick/ledger';
import { bytesOf, recording } from './command.js';

const at = instant('2026-01-01T00:00:00Z');
const program = programId('club');
const metadata = {
  ...{ program, occurredAt: at, recordedAt: at },
  ...{ actor: 'test', correlationId: 'c' },
};
const redeemed = (lots: number, name: string): LedgerEvent => ({
  type: 'PointsRedeemed',
  data: {
    ...{ redemption: factId('redemption', 'club', '1'), factHash: 'h', occurredAt: at },
    ...{ points: Points.points(lots), kind: 'discount', reference: 'till' },
    allocations: Array.from({ length: lots }, (_, n) => ({
      lot: `${name}${n}`,
      points: Points.points(1),
    })),
  },
});
const fact = factId('redemption', 'club', '1');
const readBack = ({ stored }: ReturnType<typeof recording>): readonly LedgerEvent[] => {
  const reader = new LedgerReader();
  return stored.flatMap((one) => reader.read(one) ?? []);
};

describe('an event that is recorded', () => {
  it('is one stored event, as long as it is not longer than one takes', () => {
    const { stored } = recording(fact, 1, redeemed(1_000, 'lot'), metadata);
    expect(stored.map(({ type, schemaVersion }) => [type, schemaVersion])).toEqual([
      ['PointsRedeemed', 1],
    ]);
  });

  it.each(['a', '"', '\\', '\n', '鍵', '😀', 'é"鍵'])(
    'is within what a store takes, whatever it is made of: %j',
    (name) => {
      const event = redeemed(1_500, name.repeat(600 / name.length));
      const recorded = recording(fact, 1, event, metadata);
      const { stored } = recorded;
      expect(stored.length).toBeGreaterThan(3);
      for (const { data } of stored)
        expect(Buffer.byteLength(data)).toBeLessThanOrEqual(appendLimits.eventBytesMax);
      const stream = streamName('ledger', 'club', 'ann');
      const { bytes } = checkAppend([{ stream, expected: 'noStream', events: stored }]);
      expect(bytesOf(recorded)).toBe(bytes);
      expect(canonicalJson(readBack(recorded))).toBe(canonicalJson([event]));
      const again = recording(fact, 1, event, metadata).stored;
      expect(again.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    },
  );

  it('has other names for its parts where it says something else, or comes elsewhere among what its fact causes', () => {
    const long = 'lot '.repeat(40);
    const ids = [
      recording(fact, 1, redeemed(3_000, long), metadata),
      recording(fact, 2, redeemed(3_000, long), metadata),
      recording(fact, 1, redeemed(3_001, long), metadata),
    ].map(({ stored }) => stored.map(({ id }) => id));
    expect(new Set(ids.flat()).size).toBe(ids.flat().length);
  });
});
