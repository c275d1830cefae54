import { describe, expect, it } from '@jest/globals';
import { newEvent, type EventStore, type RecordedEvent } from '@tallystick/event-store';
import { factId, instant, programId, streamName } from '@tallystick/kernel';
import type { Acknowledged } from './journal.js';
import { program } from './load.js';
import { compareWithStore } from './store-tells.js';

const metadata = {
  program: programId(program),
  occurredAt: instant('2026-05-04T09:00:00Z'),
  recordedAt: instant('2026-05-04T09:00:01Z'),
  actor: 'service:test',
  correlationId: 'f1c6c0de-0000-4000-8000-000000000000',
};
const inStore = (events: readonly (readonly [string, object])[]): Pick<EventStore, 'readAll'> => ({
  async *readAll() {
    for (const [index, [type, data]] of events.entries()) {
      const event = newEvent(factId('test', String(index)), 0, { type, data }, metadata);
      const stream = streamName('ledger', program, 'a');
      const recorded: RecordedEvent = {
        ...event,
        stream,
        revision: index,
        position: BigInt(index + 1),
      };
      yield await Promise.resolve(recorded);
    }
  },
});
const redeemed = (id: string, points: number): readonly [string, object] => [
  'PointsRedeemed',
  { redemption: `redemption/p/${id}`, points },
];
const told: readonly Acknowledged[] = [
  { kind: 'redemption', id: 'one', points: 5 },
  { kind: 'receipt', id: 'receipt/p/1', earned: 7, reversed: 0 },
];
const earned: readonly [string, object] = ['PointsEarned', { fact: 'receipt/p/1', points: 7 }];

describe('what a crash run compares', () => {
  it('finds nothing where the store has what was told, once each', async () => {
    expect(await compareWithStore(inStore([redeemed('one', 5), earned]), told)).toEqual({
      events: 2,
      lost: [],
      twice: [],
      untold: [],
      unsettled: [],
    });
  });

  it('finds what was told and is not there', async () => {
    const verdict = await compareWithStore(inStore([earned]), told);
    expect(verdict).toMatchObject({ lost: ['redemption one'], twice: [], untold: [] });
  });

  it('finds what is there twice, or with other points', async () => {
    const twice = await compareWithStore(
      inStore([redeemed('one', 5), redeemed('one', 5), earned]),
      told,
    );
    expect(twice).toMatchObject({ lost: [], twice: [expect.stringContaining('redemption one')] });
    const other = await compareWithStore(inStore([redeemed('one', 6), earned]), told);
    expect(other.twice).toHaveLength(1);
  });

  it('finds what nobody was told', async () => {
    const verdict = await compareWithStore(
      inStore([redeemed('one', 5), redeemed('two', 1), earned]),
      told,
    );
    expect(verdict).toMatchObject({ lost: [], twice: [], untold: ['redemption two'] });
  });

  it('finds partners’ events that have no award', async () => {
    const event: Acknowledged = { kind: 'partner-event', id: 'ticket-1' };
    const verdict = await compareWithStore(inStore([]), [event]);
    expect(verdict.unsettled).toHaveLength(1);
    expect(verdict.lost).toHaveLength(1);
  });
});
