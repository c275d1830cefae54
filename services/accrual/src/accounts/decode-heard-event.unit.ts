import { describe, expect, it } from '@jest/globals';
import type { RelayedEvent } from '@tallystick/contracts';
import { instant, programId, streamName } from '@tallystick/kernel';
import { UnknownLedgerEvent, decodeLedgerEvent } from '@tallystick/ledger';
import { PoisonMessage } from '@tallystick/service-host';
import { heardOfRelay, heardOfStore } from './decode-heard-event.js';

const data = { fact: 'f', taken: [] };
const relayed = (more: Partial<RelayedEvent> = {}): RelayedEvent => ({
  ...{ id: 'x', stream: 'ledger-club-ann', revision: 3, position: '7', schemaVersion: 1 },
  ...{ type: 'PointsExpired', metadata: { recordedAt: '2026-01-01T00:00:00.000Z' }, data },
  ...more,
});
const stored = ({ type, schemaVersion, data: told }: RelayedEvent) => {
  const program = programId('club');
  const at = instant('2026-01-01T00:00:00Z');
  return {
    ...{ id: 'x', stream: streamName('ledger', program, 'ann'), revision: 3, position: 7n },
    ...{ type, schemaVersion, data: JSON.stringify(told) },
    metadata: { program, occurredAt: at, recordedAt: at, actor: 'x', correlationId: 'c' },
  };
};

describe('an event of the ledger that is heard', () => {
  it('is the same off the bus and out of the store', () => {
    const heard = heardOfRelay(relayed());
    expect(heard).toEqual(heardOfStore(stored(relayed())));
    expect(heard?.event).toEqual({ type: 'PointsExpired', data });
    expect(heard?.parts).toBe(0);
  });

  it('is the head alone where it is stored in parts, which say nothing by themselves', () => {
    const part = relayed({
      type: 'EventPart',
      data: { of: 'PointsExpired', whole: 'w', part: 1, parts: 2, text: '{}' },
    });
    const head = relayed({
      schemaVersion: 2,
      data: { ...data, inParts: { count: 2, whole: 'w' } },
    });
    expect([heardOfRelay(part), heardOfStore(stored(part))]).toEqual([null, null]);
    const heard = heardOfRelay(head);
    expect(heard).toMatchObject({ parts: 2, event: { type: 'PointsExpired', data } });
    expect(heardOfStore(stored(head))).toEqual(heard);
  });

  it('is as unknown as the ledger says: of a newer release, or of no release', () => {
    for (const event of [
      relayed({ schemaVersion: 3 }),
      relayed({ type: 'PointsDoubled' }),
      relayed({ type: 'toString' }),
    ]) {
      expect(() => decodeLedgerEvent(stored(event))).toThrow(UnknownLedgerEvent);
      expect([heardOfRelay(event), heardOfStore(stored(event))]).toMatchObject([
        { event: null },
        { event: null },
      ]);
    }
  });

  it('without the time at which it was recorded is poison, and nothing to try again', () => {
    for (const recordedAt of [undefined, 7, 'yesterday'])
      expect(() => heardOfRelay(relayed({ metadata: { recordedAt } }))).toThrow(PoisonMessage);
  });
});
