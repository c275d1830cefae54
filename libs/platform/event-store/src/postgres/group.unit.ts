import { describe, expect, it } from '@jest/globals';
import { sampleEvent, sampleEvents, sampleStream } from '../contract/events.js';
import type { NewEvent, StreamWrite } from '../port.js';
import { besideFrom, groupLimits, takeGroup } from './group.js';
import { pendingAppend, type PendingAppend } from './pending.js';

const to = (name: string, expected: StreamWrite['expected'], events: readonly NewEvent[]) => ({
  stream: sampleStream(name),
  expected,
  events,
});
const pending = (...writes: readonly StreamWrite[]): PendingAppend =>
  pendingAppend(writes, 0, { resolve: () => undefined, reject: () => undefined });

describe('a group of appends', () => {
  it('takes what is independent, in order', () => {
    const queue = ['a', 'b', 'c'].map((name) =>
      pending(to(name, 'noStream', sampleEvents(name, 2))),
    );
    const all = [...queue];
    expect(takeGroup(queue)).toEqual(all);
    expect(queue).toEqual([]);
  });

  it('takes what follows on what is in it, and leaves what contradicts it', () => {
    const first = pending(to('a', 3, sampleEvents('x', 2)));
    const rival = pending(to('a', 3, sampleEvents('y', 1)));
    const follower = pending(to('a', 5, sampleEvents('z', 1)), to('b', 0, [sampleEvent('b')]));
    const queue = [first, rival, follower];
    expect(takeGroup(queue)).toEqual([first, follower]);
    expect(queue).toEqual([rival]);
    expect(takeGroup(queue)).toEqual([rival]);
  });

  it('never holds the same event twice', () => {
    const once = pending(to('a', 'noStream', [sampleEvent('x')]));
    const twice = pending(to('b', 'noStream', [sampleEvent('x')]));
    const queue = [once, twice];
    expect(takeGroup(queue)).toEqual([once]);
    expect(takeGroup(queue)).toEqual([twice]);
  });

  it('is bounded, but always takes the first', () => {
    const large = pending(
      to('large', 'noStream', sampleEvents('large', groupLimits.eventsMax + 1)),
    );
    const small = pending(to('small', 'noStream', [sampleEvent('small')]));
    const queue = [large, small];
    expect(takeGroup(queue)).toEqual([large]);
    expect(takeGroup(queue)).toEqual([small]);
    expect(takeGroup(queue)).toEqual([]);
  });

  it('is bounded in bytes as in events, to the last one', () => {
    const sized = (name: string, bytes: number) => ({
      ...pending(to(name, 'noStream', [sampleEvent(name)])),
      bytes,
    });
    const half = groupLimits.bytesMax / 2;
    const queue = [sized('a', half), sized('b', half), sized('c', 1)];
    const [first, second, third] = queue;
    expect(takeGroup(queue)).toEqual([first, second]);
    expect(queue).toEqual([third]);
    const larger = [sized('a', half), sized('b', half + 1)];
    expect(takeGroup(larger)).toHaveLength(1);
    const many = Array.from({ length: 9 }, (_, index) => sized(`m${index}`, half / 2));
    expect(takeGroup(many)).toHaveLength(4);
  });

  it('takes a call whole or not at all', () => {
    const first = pending(to('a', 3, [sampleEvent('a')]));
    const rival = pending(to('b', 0, [sampleEvent('b')]), to('a', 3, [sampleEvent('c')]));
    const repeats = pending(to('d', 0, [sampleEvent('d'), sampleEvent('a')]));
    const queue = [first, rival, repeats];
    expect(takeGroup(queue)).toEqual([first]);
    expect(queue).toEqual([rival, repeats]);
  });

  it('leaves alone what is being written, and what comes after a call that waits for it', () => {
    const waits = pending(to('busy', 3, sampleEvents('x', 1)), to('beside', 0, [sampleEvent('y')]));
    const after = pending(to('beside', 1, [sampleEvent('z')]));
    const free = pending(to('free', 0, [sampleEvent('f')]));
    const queue = [waits, after, free];
    expect(takeGroup(queue, new Set([sampleStream('busy')]))).toEqual([free]);
    expect(queue).toEqual([waits, after]);
    expect(takeGroup(queue, new Set([sampleStream('busy')]))).toEqual([]);
    expect(takeGroup(queue)).toEqual([waits, after]);
  });

  it('takes its share of a long queue, and all of a short one', () => {
    const calls = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        pending(to(`s${index}`, 'noStream', sampleEvents(`s${index}`, 2))),
      );
    const [long, short] = [calls(besideFrom), calls(besideFrom - 1)];
    expect(takeGroup(long, new Set(), 2)).toHaveLength(besideFrom / 2);
    expect(long).toHaveLength(besideFrom / 2);
    expect(takeGroup(short, new Set(), 2)).toHaveLength(besideFrom - 1);
  });
});
