import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@tallystick/event-store';
import { topics } from '@tallystick/contracts';
import { instant, programId, streamName, type StreamName } from '@tallystick/kernel';
import { messageOf, UnknownCategory } from './message-of.js';

const event: RecordedEvent = {
  id: '5b2f5c1e-7d42-5a8e-9d6b-0c7a3d1f2e4b',
  stream: streamName('ledger', 'shop', 'a-1'),
  revision: 4,
  position: 9_007_199_254_740_993n,
  type: 'PointsEarned',
  schemaVersion: 2,
  // Keys and numbers as no JSON.stringify would write them again.
  data: '{"z":1,"a":{"n":"\\u0000ü"},"points":1e3}',
  metadata: {
    program: programId('shop'),
    occurredAt: instant('2026-01-31T09:30:00Z'),
    recordedAt: instant('2026-01-31T09:30:01Z'),
    actor: 'store:12',
    correlationId: 'till\0-\uD800',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
};

describe('an event on the bus', () => {
  it('is a CloudEvent in binary mode, with its data to the letter', () => {
    expect(messageOf(event)).toEqual({
      topic: topics.ledger.name,
      key: 'ledger-shop-a%2D1',
      id: event.id,
      headers: {
        ce_specversion: '1.0',
        ce_id: event.id,
        ce_type: 'PointsEarned',
        ce_source: 'urn:tallystick:event-store',
        ce_subject: 'ledger-shop-a%2D1',
        ce_time: '2026-01-31T09:30:00.000Z',
        'content-type': 'application/json',
        'correlation-id': 'till\uFFFD-\uFFFD',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      value:
        `{"id":"${event.id}","stream":"ledger-shop-a%2D1","revision":4,"position":"9007199254740993",` +
        `"type":"PointsEarned","schemaVersion":2,"metadata":${JSON.stringify(event.metadata)},` +
        `"data":${event.data}}`,
    });
  });

  it('has no traceparent where there was none', () => {
    const { traceparent: _, ...metadata } = event.metadata;
    expect(messageOf({ ...event, metadata })?.headers).not.toHaveProperty('traceparent');
  });

  it.each(['nonsense-a', 'constructor-a', '__proto__-a', 'ledger'])(
    'has no topic in stream %s',
    (stream) => {
      expect(messageOf({ ...event, stream: stream as StreamName })).toBeUndefined();
    },
  );

  it('is named when its category is unknown', () => {
    const error = new UnknownCategory({ ...event, stream: 'coupon-x' as StreamName });
    expect(error.message).toContain("'coupon'");
    expect(error.message).toContain('9007199254740993');
  });
});
