import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  refusals,
  startDoubleProcess,
  startEventStoreDbDouble,
  type EventStoreDbDouble,
  type Fault,
} from '@tallystick/testing/eventstoredb';
import { allOf, collect, idsOf, sampleEvents, sampleStream } from '../contract/events.js';
import { AppendRefused, StoreUnavailable, type EventStore } from '../port.js';
import { createEventStoreDbEventStore } from './store.js';

const begin = (name: string, count = 1) =>
  ({
    stream: sampleStream(name),
    expected: 'noStream',
    events: sampleEvents(name, count),
  }) as const;

/** What hangs is given up soon; what only takes long, on a busy machine, is tried again for long. */
const patience = { answerMs: 400, retryMs: 30_000 } as const;

describe('the event store on a double of EventStoreDB that fails', () => {
  let double: EventStoreDbDouble;
  let store: EventStore;

  beforeEach(async () => {
    double = await startEventStoreDbDouble();
    store = createEventStoreDbEventStore({ url: double.url, ...patience });
  });
  afterEach(async () => {
    await store.close();
    await double.close();
  });

  it.each<[string, Fault]>([
    ['the connection breaks before anything is done', { kind: 'drop', when: 'before' }],
    ['the connection breaks and only the answer is lost', { kind: 'drop', when: 'after' }],
    ['the server gives up after it has written', refusals.timedOut],
    ['the server is not ready', refusals.notReady],
    ['the server is too busy', refusals.tooBusy],
    ['nobody leads the cluster', refusals.noLeader],
    ['the server says nothing', { kind: 'hang' }],
    ['the server is slow', { kind: 'slow', ms: 150 }],
  ])('appends once, and says that it did, when %s', async (_, fault) => {
    double.faults.next('append', fault, 2);
    const results = await Promise.all([
      store.append([begin('a', 2)]),
      store.append([begin('b', 2), begin('c')]),
    ]);
    expect(results.map(({ kind }) => kind)).toEqual(['appended', 'appended']);
    expect(double.faults.left('append')).toBe(0);
    const expected = [begin('a', 2), begin('b', 2), begin('c')].flatMap(({ events }) => events);
    expect(idsOf(await allOf(store)).toSorted()).toEqual(idsOf(expected).toSorted());
    expect((await store.append([begin('a', 2)])).kind).toBe('unchanged');
  });

  it('tells what it wrote from what another wrote with the same ids, when the answer is lost', async () => {
    await store.append([begin('a', 2)]);
    double.faults.next('append', { kind: 'drop', when: 'after' });
    expect((await store.append([begin('a', 2)])).kind).toBe('unchanged');
    double.faults.next('read', { kind: 'drop', when: 'before' });
    expect((await store.append([begin('b', 2)])).kind).toBe('appended');
  });

  it('goes to the node that leads when it is told of it', async () => {
    const leader = await startEventStoreDbDouble();
    double.faults.next('append', refusals.notLeader('127.0.0.1', leader.port));
    expect((await store.append([begin('a')])).kind).toBe('appended');
    expect((await store.append([begin('b')])).kind).toBe('appended');
    expect([double.calls.append, leader.calls.append]).toEqual([1, 2]);
    await leader.close();
  });

  it('leaves the first stream written when it is cut off between two, and heals it when called again', async () => {
    const hasty = createEventStoreDbEventStore({ url: double.url, retryMs: 0 });
    double.faults.next('append', { kind: 'slow', ms: 0 });
    double.faults.next('append', refusals.notReady);
    await expect(hasty.append([begin('a', 2), begin('b')])).rejects.toThrow(StoreUnavailable);
    expect(idsOf(await allOf(store))).toEqual(idsOf(begin('a', 2).events));
    const healed = await hasty.append([begin('a', 2), begin('b')]);
    expect(healed).toEqual({ kind: 'appended', position: await store.head() });
    expect((await hasty.append([begin('a', 2), begin('b')])).kind).toBe('unchanged');
    await hasty.close();
  });

  it.each<[string, Fault]>([
    ['the connection breaks', { kind: 'drop-after', messages: 120 }],
    ['the server says nothing', { kind: 'hang' }],
    ['the server is not ready', refusals.notReady],
  ])('reads on where it was when %s', async (_, fault) => {
    const { stream, events } = begin('long', 400);
    await store.append([begin('before'), { stream, expected: 'noStream', events }]);
    double.faults.next('read', fault, 2);
    expect(idsOf(await collect(store.readStream(stream)))).toEqual(idsOf(events));
    expect(double.faults.left('read')).toBe(0);
    double.faults.next('read', fault, 2);
    expect(idsOf((await allOf(store)).slice(1))).toEqual(idsOf(events));
    double.faults.next('read', fault);
    expect((await store.readStreams([stream])).get(stream)).toHaveLength(400);
    double.faults.next('read', { kind: 'drop', when: 'before' });
    expect(await store.head()).toBe((await allOf(store)).at(-1)?.position);
  });

  it('follows on where it was, whatever happens', async () => {
    await store.append([begin('a', 300)]);
    double.faults.next('read', refusals.notReady, 2);
    double.faults.next('read', { kind: 'drop-after', messages: 50 }, 3);
    const seen: string[] = [];
    const { signal } = new AbortController();
    for await (const batch of store.follow({ batchMax: 20, signal })) {
      seen.push(...idsOf(batch));
      if (seen.length === 300) break;
    }
    expect(seen).toEqual(idsOf(begin('a', 300).events));
  });

  it('says that the store is away when it stays away, and goes on when it is back', async () => {
    const port = double.port;
    const far = createEventStoreDbEventStore({ url: double.url, retryMs: 300 });
    await far.append([begin('before')]);
    await double.close();
    await expect(far.append([begin('a')])).rejects.toThrow(StoreUnavailable);
    await expect(far.head()).rejects.toThrow(StoreUnavailable);
    await expect(collect(far.readAll())).rejects.toThrow(StoreUnavailable);
    await expect(collect(far.readStream(sampleStream('a')))).rejects.toThrow(StoreUnavailable);
    double = await startEventStoreDbDouble({ port });
    expect((await far.append([begin('a')])).kind).toBe('appended');
    await far.close();
  });

  it('does not try again what is refused for good', async () => {
    double.faults.next('append', refusals.accessDenied);
    await expect(store.append([begin('a')])).rejects.toThrow('Access Denied');
    double.faults.next('read', refusals.accessDenied, 2);
    await expect(collect(store.readStream(sampleStream('a')))).rejects.toThrow('Access Denied');
    await expect(collect(store.readAll())).rejects.toThrow('Access Denied');
    expect(double.calls).toEqual({ append: 1, read: 2 });
  });

  it('refuses what the server is not configured to take, and says so', async () => {
    const filler = 'x'.repeat(600_000);
    const events = sampleEvents('large', 2).map((event) => ({ ...event, data: `"${filler}"` }));
    const large = { stream: sampleStream('large'), expected: 'noStream', events } as const;
    await expect(store.append([large])).rejects.toThrow(AppendRefused);
    await expect(store.append([large])).rejects.toThrow('MaxAppendSize');
    expect(await store.head()).toBe(0n);
  });

  it('does not read what another program has written', async () => {
    const client = EventStoreDBClient.connectionString(double.url);
    Reflect.set(client, 'supports', () => Promise.resolve(false));
    const foreign = jsonEvent({ type: 'Foreign', data: {} });
    await client.appendToStream('foreign-1', foreign, { expectedRevision: 'no_stream' });
    await expect(allOf(store)).rejects.toThrow(
      'revision 0 of foreign-1 was not written by Tallystick',
    );
  });

  it('finds its node in a cluster', async () => {
    const url = `esdb://127.0.0.1:${double.port},127.0.0.1:${double.port}?tls=false`;
    const cluster = createEventStoreDbEventStore({ url });
    expect((await cluster.append([begin('a')])).kind).toBe('appended');
    await cluster.close();
    const discover = `esdb+discover://127.0.0.1:${double.port}?tls=false`;
    const discovered = createEventStoreDbEventStore({ url: discover });
    expect(await allOf(discovered)).toHaveLength(1);
    await discovered.close();
    const gone = 'esdb+discover://127.0.0.1:1?tls=false&maxDiscoverAttempts=1';
    const lost = createEventStoreDbEventStore({ url: gone, retryMs: 100 });
    await expect(lost.append([begin('b')])).rejects.toThrow(StoreUnavailable);
    await expect(lost.head()).rejects.toThrow(StoreUnavailable);
    await lost.close();
  });

  it('goes on when the connections of several stores break at once, with many appends under way', async () => {
    const retryMs = 60_000;
    const stores = [0, 1, 2].map(() => createEventStoreDbEventStore({ url: double.url, retryMs }));
    const appends = stores.flatMap((one, index) =>
      Array.from({ length: 40 }, (_, at) => one.append([begin(`s${index}-${at}`, 20)])),
    );
    for (const answered of [5, 10, 20, 40, 60]) {
      await Promise.any(appends.slice(answered));
      double.breakConnections();
    }
    const results = await Promise.all(appends);
    expect(results.filter(({ kind }) => kind !== 'appended')).toEqual([]);
    expect(await allOf(store)).toHaveLength(120 * 20);
    await Promise.all(stores.map((one) => one.close()));
  });

  it('closes at once, however much of what the server has sent was left unread', async () => {
    // In a process of its own it sends all there is at once, as a server does.
    const server = await startDoubleProcess();
    const writer = createEventStoreDbEventStore({ url: server.url });
    for (let count = 1; count <= 60; count += 1) {
      await writer.append([begin(`unread ${count}`)]);
      const reader = createEventStoreDbEventStore({ url: server.url });
      for (let reads = 0; reads < 4; reads += 1) await reader.head();
      await reader.close();
    }
    await writer.close();
    await server.stop();
  });

  it('takes nothing any more when it is closed', async () => {
    await store.append([begin('a')]);
    const reading = store.readAll()[Symbol.asyncIterator]();
    await reading.next();
    await store.close();
    await expect(store.append([begin('b')])).rejects.toThrow('closed');
    await expect(store.head()).rejects.toThrow('closed');
  });
});

describe('the URL of an EventStoreDB', () => {
  const secret = 'pass-word';
  const said = jest.fn();

  beforeEach(() => {
    said.mockClear();
    for (const method of ['log', 'warn', 'error'] as const) {
      jest.spyOn(console, method).mockImplementation(said);
    }
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const problem = (url: string): string => {
    try {
      void createEventStoreDbEventStore({ url }).close();
      return '';
    } catch (error) {
      return `${String(error)} ${JSON.stringify(error)}`;
    }
  };

  it.each([
    [`https://admin:${secret}@host:2113`, 'not the URL of an EventStoreDB'],
    [`esdb://admin:${secret}@host:port`, 'not the URL of an EventStoreDB'],
    [`esdb://admin:${secret}@host:2113?tls=perhaps`, 'not the URL of an EventStoreDB'],
    [`esdb://admin:${secret}@host:2113?tlsVerifyCert=false`, 'the option tlsVerifyCert'],
    [`esdb://admin:${secret}@host:2113?colour=blue`, 'the option colour'],
  ])('is refused without a word of what is secret: %s', (url, expected) => {
    const shown = problem(url);
    expect(shown).toContain(expected);
    expect(shown).not.toContain(secret);
    expect(said).not.toHaveBeenCalled();
  });

  it('is in no error of a server that cannot be reached', async () => {
    const url = `esdb://admin:${secret}@127.0.0.1:1?tls=false`;
    const store = createEventStoreDbEventStore({ url, retryMs: 0 });
    const error: unknown = await store.head().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(secret);
    expect(said).not.toHaveBeenCalled();
    await store.close();
  });
});
