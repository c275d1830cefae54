import { describe, expect, it } from '@jest/globals';
import { sampleMetadata, sampleStream } from './contract/events.js';
import { digestStreams } from './digest.js';
import type { RecordedEvent } from './port.js';

const event = (stream: string, revision: number): RecordedEvent => ({
  ...{ stream: sampleStream(stream), revision, position: 1n, schemaVersion: 1, type: 'T' },
  ...{ id: `${stream}/${revision}`, data: `{"n":${revision}}`, metadata: sampleMetadata },
});
const digest = (...events: readonly RecordedEvent[]) =>
  digestStreams({
    readAll: async function* () {
      yield* events;
    },
  });

describe('the digest of a store', () => {
  const [a0, a1, b0] = [event('a', 0), event('a', 1), event('b', 0)];

  it('is the same whatever lay between the events of a stream, and whichever stream came first', async () => {
    const one = await digest(a0, a1, b0);
    expect(await digest(b0, a0, a1)).toEqual({
      ...one,
      streams: new Map([...one.streams].reverse()),
    });
    expect([...(await digest(b0, a0)).streams.keys()]).toEqual([
      sampleStream('a'),
      sampleStream('b'),
    ]);
    expect(one.events).toBe(3);
  });

  it('is another in another order within a stream, or with another type, id or data', async () => {
    const { all } = await digest(a0, a1);
    const others = [
      [a1, a0],
      [a0],
      [a0, { ...a1, type: 'U' }],
      [a0, { ...a1, id: 'other' }],
      [a0, { ...a1, data: '{}' }],
      [a0, { ...a1, stream: sampleStream('b') }],
    ];
    for (const events of others) expect((await digest(...events)).all).not.toBe(all);
  });

  it('never changes: what was written down was made with it', async () => {
    const { all, streams } = await digest(a0, a1, b0);
    expect({ all, a: streams.get(a0.stream) }).toEqual({
      a: '08f32cb0bfefb0b4f55d00a4cd39d566d2eb494e1a83f08b8fb619c267954fd7',
      all: '7ebfecf778e8ae8c04459d7e361821f9e025e5a94e5691cbc5c073b995559604',
    });
  });
});
