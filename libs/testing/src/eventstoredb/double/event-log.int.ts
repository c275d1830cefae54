import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventLog } from './event-log.js';
import type { Proposed } from './log-state.js';

const events = (...ids: readonly string[]): Proposed[] =>
  ids.map((id) => ({
    id,
    type: 't',
    contentType: 'application/octet-stream',
    data: Buffer.from(id),
    metadata: new Uint8Array(),
  }));

const idsIn = (log: EventLog, stream: string): string[] | undefined =>
  log.stream(stream)?.map(({ id }) => id);

describe('the log of the double of EventStoreDB', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tallystick-double-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('compares ids and nothing else, as EventStoreDB does', async () => {
    const log = await EventLog.open(undefined);
    const first = await log.append('s', -1, events('a', 'b', 'c'));
    expect(first).toMatchObject({ kind: 'success', written: true, last: { revision: 2 } });
    const other = events('a', 'b').map((event) => ({ ...event, type: 'other' }));
    expect(await log.append('s', -1, other)).toMatchObject({
      kind: 'success',
      written: false,
      last: { revision: 1, type: 't' },
    });
    const wrong = { kind: 'wrong', current: 2 };
    expect(await log.append('s', -1, events('a', 'x'))).toEqual(wrong);
    expect(await log.append('s', -1, events('a', 'b', 'c', 'd'))).toEqual(wrong);
    expect(await log.append('s', 1, events('x'))).toEqual(wrong);
    expect(await log.append('s', 3, events('x'))).toEqual(wrong);
    expect(await log.append('none', 0, events('x'))).toEqual({ kind: 'wrong', current: -1 });
    expect(idsIn(log, 's')).toEqual(['a', 'b', 'c']);
    await log.close();
  });

  it('has what it acknowledged when it is opened again, at the same positions, and not what was cut off', async () => {
    const log = await EventLog.open(folder);
    await log.append('s', -1, events('a', 'b'));
    await log.append('s', 1, events('c'));
    const positions = log.stream('s')?.map(({ position }) => position);
    await log.close();
    await appendFile(path.join(folder, 'log.jsonl'), '{"stream":"s","events":[{"id":"d"');
    const again = await EventLog.open(folder);
    expect(idsIn(again, 's')).toEqual(['a', 'b', 'c']);
    expect(again.stream('s')?.map(({ position }) => position)).toEqual(positions);
    expect(await again.append('s', 2, events('d'))).toMatchObject({ written: true });
    await again.close();
    const last = await EventLog.open(folder);
    expect(idsIn(last, 's')).toEqual(['a', 'b', 'c', 'd']);
    await last.close();
  });
});
