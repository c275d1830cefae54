import { describe, expect, it } from '@jest/globals';
import type { ResolvedEvent } from '@eventstore/db-client';
import { sampleEvent, sampleMetadata } from '../contract/events.js';
import { isResolved, proposed, readEvent } from './decode-event.js';

const written = sampleEvent('a', { name: 'zażółć' });
const kept = { schemaVersion: 1, append: 'mark', envelope: sampleMetadata };

/** As the client gives it. */
const resolved = (change: object = {}): ResolvedEvent => ({
  event: {
    ...{ streamId: 'ledger-club-anna', revision: 4n, id: written.id, type: written.type },
    ...{ isJson: false, created: new Date(0), position: { commit: 7n, prepare: 6n } },
    ...{ data: Buffer.from(written.data), metadata: kept },
    ...change,
  },
});

describe('an event of the EventStoreDB', () => {
  it('is what was written, to the byte, with the mark of the call that wrote it', () => {
    const { data, metadata } = proposed(written, 'mark');
    expect(readEvent(resolved({ data, metadata }))).toEqual({
      append: 'mark',
      event: {
        ...{ position: 7n, stream: 'ledger-club-anna', revision: 4 },
        ...{ id: written.id, type: written.type, schemaVersion: written.schemaVersion },
        ...{ data: written.data, metadata: written.metadata },
      },
    });
  });

  it.each<[string, object]>([
    ['no metadata', { metadata: undefined }],
    ['null as metadata', { metadata: null }],
    ['text as metadata', { metadata: 'schemaVersion append envelope' }],
    ['no version', { metadata: { append: 'm', envelope: sampleMetadata } }],
    ['a version that is text', { metadata: { ...kept, schemaVersion: '1' } }],
    ['no mark', { metadata: { schemaVersion: 1, envelope: sampleMetadata } }],
    ['a mark that is a number', { metadata: { ...kept, append: 1 } }],
    ['no envelope', { metadata: { schemaVersion: 1, append: 'm' } }],
    ['an envelope that is text', { metadata: { ...kept, envelope: 'e' } }],
    ['null as envelope', { metadata: { ...kept, envelope: null } }],
    ['data that was parsed', { data: { name: 'a' } }],
    ['no position', { position: undefined }],
  ])('with %s was not written by us, and is refused with its place', (_, change) => {
    expect(() => readEvent(resolved(change))).toThrow(
      'the event at revision 4 of ledger-club-anna was not written by Tallystick',
    );
  });

  it('that is a link to an event that is gone is refused', () => {
    expect(() => readEvent({})).toThrow('a link to nothing');
  });

  it('is an object, whatever else the client emits', () => {
    expect([resolved(), {}].map(isResolved)).toEqual([true, true]);
    expect([null, undefined, 'text', 1].map(isResolved)).toEqual([false, false, false, false]);
  });
});
