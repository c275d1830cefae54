import { describe, expect, it } from '@jest/globals';
import { Points, factId, instant, streamName, type Instant } from '@tallystick/kernel';
import type { LedgerEvent, Lot } from '@tallystick/ledger';
import { dueAfter } from './due-after.js';

const recordedAt = instant('2026-06-01T00:00:00Z');
const lot = (availableAt: string, expiresAt: string | null): Lot => ({
  ...{ id: 'l', points: Points.points(1), rule: 'r', kind: 'base', funder: 'chain' },
  qualifies: true,
  availableAt: instant(availableAt),
  expiresAt: expiresAt === null ? null : instant(expiresAt),
});
const due = (event: LedgerEvent | null, parts = 0): Instant | null =>
  dueAfter({ stream: streamName('ledger', 'a', 'b'), revision: 1, recordedAt, event, parts });
const adjusted = (...lots: readonly Lot[]): LedgerEvent => ({
  type: 'PointsAdjusted',
  data: {
    ...{ fact: factId('a', 'b'), factHash: 'h', occurredAt: recordedAt, cause: 'correction' },
    ...{ direction: 'up', points: Points.points(lots.length), reason: 'r', lots, arrearsPaid: [] },
    ...{ taken: [], arrearsSettled: Points.noPoints, expiredReturned: [], payment: null },
    authority: { by: 'people', requestedBy: 'a', approvedBy: 'b' },
  },
});

describe('when something may lapse after an event', () => {
  it('is the first of the dates of its lots', () => {
    const lots = [
      lot('2026-01-01T00:00:00Z', '2027-03-01T00:00:00Z'),
      lot('2026-01-01T00:00:00Z', '2027-02-01T00:00:00Z'),
      lot('2026-01-01T00:00:00Z', null),
    ];
    expect(due(adjusted(...lots))).toBe('2027-02-01T00:00:00.000Z');
    expect(due(adjusted(lot('2026-01-01T00:00:00Z', null)))).toBeNull();
  });

  it('is not before a lot has become available', () => {
    expect(due(adjusted(lot('2026-05-01T00:00:00Z', '2026-02-01T00:00:00Z')))).toBe(
      '2026-05-01T00:00:00.000Z',
    );
  });

  it('is at once where the event does not name the dates of what comes back, is not known, or is stored in parts', () => {
    const released: LedgerEvent = {
      type: 'HoldReleased',
      data: {
        ...{ fact: factId('h', '1'), factHash: 'h', hold: factId('h', '1'), arrearsPaid: [] },
        ...{ occurredAt: recordedAt, cause: 'released', points: Points.points(1), allocations: [] },
      },
    };
    expect(due(released)).toBe(recordedAt);
    expect(due(null)).toBe(recordedAt);
    expect(due(adjusted(), 2)).toBe(recordedAt);
  });
});
