import { factId, instant, programId, streamName, type StreamName } from '@tallystick/kernel';
import { newEvent } from '../new-event.js';
import type { EventMetadata, EventStore, JsonObject, NewEvent, RecordedEvent } from '../port.js';

/** Events and streams for tests, where nothing about them matters but what is said. */
export const sampleMetadata: EventMetadata = {
  program: programId('contract'),
  occurredAt: instant('2026-01-31T09:30:00Z'),
  recordedAt: instant('2026-01-31T09:30:01Z'),
  actor: 'service:contract',
  correlationId: 'f1c6c0de-0000-4000-8000-000000000000',
};

export const sampleEvent = (name: string, data: JsonObject = { name }): NewEvent =>
  newEvent(factId('sample', name), 0, { type: 'Sampled', data }, sampleMetadata);

export const sampleEvents = (name: string, count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => sampleEvent(`${name}/${index}`));

export const sampleStream = (name: string): StreamName => streamName('ledger', 'contract', name);

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};

export const idsOf = (events: readonly { readonly id: string }[]): string[] =>
  events.map(({ id }) => id);

export const allOf = async (store: EventStore): Promise<RecordedEvent[]> =>
  await collect(store.readAll());
