import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serviceNames, topics } from '@tallystick/contracts';
import { metricSignals, spanSignals } from '@tallystick/telemetry';
import type { ReceivedMetric, ReceivedSpan } from '@tallystick/testing/otlp';
import type { LocalKafka } from '../../system/service-env.js';
import { eventually } from '../tools/eventually.js';
import { withStore } from '../tools/store.js';
import { enrol, publish, receipt, retried, submit } from '../front-door/house.js';
import { importSale } from './imported.js';
import { startToldHouse, type ToldHouse } from './told-house.js';

const startsWithinMs = 180_000;
const program = 'told';
const card = '9826700000042';

/** What a till says of its trace. */
const tillOf = (digit: string) => {
  const traceId = digit.repeat(32);
  const spanId = digit.repeat(16);
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
};

export interface BusOfSuite {
  readonly kafka?: LocalKafka;
  stop(): Promise<void>;
}

/** What the five services tell of a receipt, to a receiver that decodes it. */
export const toldSuite = (name: string, startBus: () => Promise<BusOfSuite>): void => {
  describe(`telemetry, on the bus in ${name}`, () => {
    let bus: BusOfSuite | undefined;
    let told: ToldHouse;
    beforeAll(async () => {
      bus = await startBus();
      told = await startToldHouse(bus.kafka);
      const published = await publish(told.house, program);
      const ann = await enrol(told.house, program, [card], published);
      const { position: after } = ann;
      await retried(() => told.house.manager('accrual', `/v1/programs/${program}`, { after }));
    }, startsWithinMs);
    afterAll(async () => {
      await told.close();
      await bus?.stop();
    }, startsWithinMs);

    const spansOf = (traceId: string): readonly ReceivedSpan[] =>
      told.otlp.spans.filter((span) => span.traceId === traceId);
    /** The spans of a trace when `last`, which come at its end, are all there. */
    const whole = (traceId: string, ...last: readonly (readonly [string, string])[]) =>
      eventually(`the trace ${traceId} is whole`, async () => {
        const spans = spansOf(traceId);
        const isThere = ([service, wanted]: readonly [string, string]): boolean =>
          spans.some((span) => span.service === `tallystick-${service}` && span.name === wanted);
        return last.every(isThere) ? spans : undefined;
      });
    const only = (spans: readonly ReceivedSpan[], wanted: string, service?: string) => {
      const found = spans.filter(
        (span) =>
          span.name === wanted &&
          (service === undefined || span.service === `tallystick-${service}`),
      );
      const [one] = found;
      if (one === undefined || found.length > 1)
        throw new Error(`${found.length} spans ${wanted} of ${service ?? 'all'}`);
      return one;
    };
    const metric = (
      wanted: string,
      attributes: ReceivedMetric['attributes'],
    ): ReceivedMetric | undefined =>
      told.otlp
        .metrics()
        .find(
          (one) =>
            one.name === wanted &&
            Object.entries(attributes).every(([key, value]) => one.attributes[key] === value),
        );
    const becomes = (wanted: string, attributes: ReceivedMetric['attributes'], value: number) =>
      eventually(`${wanted} ${JSON.stringify(attributes)} is ${value}`, async () => {
        const found = metric(wanted, attributes);
        return found?.value === value ? found : undefined;
      });

    const ends = [
      ['reporting', 'write ledger views'],
      ['reporting', 'write receipt views'],
      ['accrual', 'process ledger'],
      ['redemption', 'process ledger'],
    ] as const;

    /** From the events on, whichever way the receipt came in; `root`: the span of the request or message. */
    const expectTheRest = (spans: readonly ReceivedSpan[], root: ReceivedSpan): void => {
      const appends = spans.filter((span) => span.name === 'append eventstore');
      expect(appends.map(({ parentId }) => parentId)).toEqual([root.spanId]);
      for (const [topic, views] of [
        ['ledger', 'ledger'],
        ['receipt-log', 'receipt'],
      ]) {
        const sent = only(spans, `send ${topic}`, 'accrual');
        expect([sent.parentId, sent.kind]).toEqual([root.spanId, 'producer']);
        const heard = only(spans, `process ${topic}`, 'reporting');
        expect([heard.parentId, heard.kind]).toEqual([sent.spanId, 'consumer']);
        const written = only(spans, `write ${views} views`, 'reporting');
        expect([written.parentId, written.kind]).toEqual([heard.spanId, 'client']);
        const everyHeard = spans.filter((span) => span.name === `process ${topic}`);
        for (const one of everyHeard) expect(one.parentId).toBe(sent.spanId);
      }
      // Nothing hangs in the air.
      const ids = new Set(spans.map(({ spanId }) => spanId));
      for (const span of spans)
        if (span !== root) expect([span.name, ids.has(span.parentId)]).toEqual([span.name, true]);
      expect(spans.filter(({ failed }) => failed)).toEqual([]);
    };

    const tracesOfEvents = async (traceId: string): Promise<readonly (string | undefined)[]> =>
      withStore(told.house, async (store) => {
        const traces: (string | undefined)[] = [];
        for await (const { stream, metadata } of store.readAll())
          if (metadata.traceparent?.includes(traceId) === true)
            traces.push(`${stream.split('-')[0]} ${metadata.traceparent}`);
        return traces.sort();
      });

    const saysIn = (service: 'accrual' | 'reporting', traceId: string, message: string): boolean =>
      told.services[service]
        .logs()
        .split('\n')
        .some((line) => line.includes(traceId) && line.includes(`"msg":"${message}"`));

    it('is one trace from the till over HTTP to the views, whose id stands in events and log lines', async () => {
      const till = tillOf('a');
      const body = receipt(program, '1', { card });
      const { traceparent } = till;
      const answer = await told.house.store('accrual', '/v1/receipts', {
        ...{ body, headers: { traceparent } },
      });
      expect(answer.status).toBe(200);
      const spans = await whole(till.traceId, ...ends);
      const root = only(spans, 'POST /v1/receipts', 'accrual');
      expect([root.parentId, root.kind]).toEqual([till.spanId, 'server']);
      expect(root.attributes).toEqual({
        'http.request.method': 'POST',
        'http.route': '/v1/receipts',
        'url.scheme': 'http',
        'http.response.status_code': 200,
      });
      expectTheRest(spans, root);
      expect(only(spans, 'append eventstore').attributes).toMatchObject({
        'db.system.name': 'postgresql',
        'db.operation.name': 'append',
        'tallystick.outcome': 'appended',
      });
      expect(only(spans, 'process ledger', 'reporting').attributes).toMatchObject({
        'messaging.system.name': name === 'Kafka' ? 'kafka' : 'postgresql',
        'messaging.destination.name': 'ledger',
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': 'reporting',
      });

      const caused = `00-${till.traceId}-${root.spanId}-01`;
      expect(await tracesOfEvents(till.traceId)).toEqual([`ledger ${caused}`, `receipt ${caused}`]);
      expect(saysIn('accrual', till.traceId, 'request')).toBe(true);
      expect(saysIn('reporting', till.traceId, 'a batch was handled')).toBe(true);
    });

    it('is one trace from a till over the bus, too', async () => {
      const till = tillOf('b');
      const value = JSON.stringify(receipt(program, '2', { card }));
      const headers = { 'content-type': 'application/json', traceparent: till.traceparent };
      await told.publish({ topic: topics.receipts.name, key: card, id: 'm2', headers, value });
      const spans = await whole(till.traceId, ...ends);
      const root = only(spans, 'process receipts', 'accrual');
      expect([root.parentId, root.kind]).toEqual([till.spanId, 'consumer']);
      expectTheRest(spans, root);
      expect(saysIn('accrual', till.traceId, 'a batch was handled')).toBe(true);
      expect(saysIn('reporting', till.traceId, 'a batch was handled')).toBe(true);
    });

    it('stands in the traces of all whose receipts are settled together', async () => {
      const tills = ['1', '2', '3', '4', '5'].map(tillOf);
      await Promise.all(
        tills.map(({ traceparent }, nth) =>
          told.house.store('accrual', '/v1/receipts', {
            body: receipt(program, `many-${nth}`, { card }),
            headers: { traceparent },
          }),
        ),
      );
      for (const { traceId, spanId } of tills) {
        const spans = await whole(traceId, ...ends);
        const root = only(spans, 'POST /v1/receipts', 'accrual');
        expect(root.parentId).toBe(spanId);
        expectTheRest(spans, root);
      }
    });

    it('does not record what the till says is not recorded, and passes its trace on all the same', async () => {
      const traceId = 'c'.repeat(32);
      const traceparent = `00-${traceId}-${'c'.repeat(16)}-00`;
      const body = receipt(program, '3', { card });
      await told.house.store('accrual', '/v1/receipts', { body, headers: { traceparent } });
      const events = await tracesOfEvents(traceId);
      expect(events).toHaveLength(2);
      expect(events.every((event) => event?.endsWith('-00') === true)).toBe(true);
      await eventually('the views have it', async () =>
        saysIn('reporting', traceId, 'a batch was handled') ? true : undefined,
      );
      expect(spansOf(traceId)).toEqual([]);
    });

    it('begins with a run of tally that imports a file', async () => {
      const till = tillOf('d');
      await importSale(told, program, card, till.traceparent);
      const spans = await whole(till.traceId, ['tally', 'tally import'], ...ends);
      const run = only(spans, 'tally import', 'tally');
      expect([run.parentId, run.kind]).toEqual([till.spanId, 'internal']);
      expect(run.attributes).toEqual({
        'process.executable.name': 'tally',
        'process.exit.code': 0,
      });
      const root = only(spans, 'POST /v1/receipts/batch', 'accrual');
      expect([root.parentId, root.kind]).toEqual([run.spanId, 'server']);
      expect(only(spans, 'append eventstore', 'accrual').parentId).toBe(root.spanId);
    });

    it('counts receipts by outcome, times them, and says how far everybody is behind', async () => {
      const { house } = told;
      await submit(house, receipt(program, '1', { card }));
      await submit(house, receipt(program, 'waits', { card: 'nobody-has-it' }));
      await submit(house, { ...receipt(program, 'wrong'), currency: 'pounds' });
      const { traceId, traceparent } = tillOf('e');
      const poison = {
        topic: topics.receipts.name,
        key: 'x',
        id: 'rubbish',
        headers: { traceparent },
      };
      await told.publish({ ...poison, value: 'no JSON at all' });

      const outcome = (of: string, known: boolean) => ({
        'tallystick.outcome': of,
        'tallystick.known': known,
      });
      // 1, 2, five at once, 3, and what was imported.
      await becomes('tallystick.receipts', outcome('awarded', false), 9);
      await becomes('tallystick.receipts', outcome('awarded', true), 1);
      await becomes('tallystick.receipts', outcome('waiting', false), 1);
      // One over HTTP, one over the bus.
      await becomes('tallystick.receipts', outcome('refused', false), 2);
      const rating = await becomes('tallystick.rating.duration', {}, 11);
      expect(rating.sum).toBeGreaterThan(0);
      expect(rating.sum).toBeLessThan(10);
      const appended = { 'tallystick.outcome': 'appended' };
      expect(metric('db.client.operation.duration', appended)?.unit).toBe('s');
      const route = { 'http.route': '/v1/receipts', 'http.response.status_code': 422 };
      expect((await becomes('http.server.request.duration', route, 1)).sum).toBeGreaterThan(0);

      for (const [group, topic] of [
        ['reporting', 'ledger'],
        ['accrual', 'receipts'],
      ] as const) {
        const of = { 'messaging.consumer.group.name': group, 'messaging.destination.name': topic };
        await becomes('tallystick.consumer.lag', of, 0);
        const rebalances = metric('tallystick.consumer.rebalances', of)?.value ?? 0;
        expect(rebalances).toBeGreaterThan(0);
      }
      const letters = {
        'messaging.consumer.group.name': 'accrual',
        'messaging.destination.name': 'receipts',
      };
      await becomes('tallystick.dead_letters', letters, 1);
      expect(saysIn('accrual', traceId, 'dead letter')).toBe(true);
      await becomes('tallystick.relay.lag', {}, 0);
    });

    it('is told by whom the table says, by those names, and holds nothing that a person sent', () => {
      const shapes = Object.values(spanSignals).map(({ name: shape, by, kind }) => ({
        by: (by as readonly string[]).map((service) => `tallystick-${service}`),
        kind: kind.toLowerCase(),
        is: new RegExp(`^${shape.replaceAll(/\{\w+\}/g, '\\S+')}$`),
      }));
      const ofTally = told.otlp.spans.filter(({ service }) => service === 'tallystick-tally');
      expect(ofTally.map(({ name: shown }) => shown)).toEqual(['tally import']);
      const ofServices = told.otlp.spans.filter((span) => !ofTally.includes(span));
      for (const span of ofServices) {
        const fits = shapes.some(
          ({ is, by, kind }) =>
            is.test(span.name) && by.includes(span.service) && kind === span.kind,
        );
        expect([span.service, span.name, fits]).toEqual([span.service, span.name, true]);
      }
      const known = new Map<string, readonly string[]>(
        Object.values(metricSignals).map(({ name: metricName, by }) => [metricName, by]),
      );
      for (const { service, name: metricName } of told.otlp.metrics())
        expect([metricName, known.get(metricName)]).toEqual([
          metricName,
          expect.arrayContaining([service.replace('tallystick-', '')]),
        ]);
      const heard = new Set(told.otlp.metrics().map(({ name: metricName }) => metricName));
      expect([...known.keys()].filter((metricName) => !heard.has(metricName))).toEqual([]);
      for (const { is } of shapes) expect(ofServices.some((span) => is.test(span.name))).toBe(true);
      const tellers = new Set(ofServices.map(({ service }) => service));
      expect([...tellers].sort()).toEqual(serviceNames.map((one) => `tallystick-${one}`).sort());
      expect(told.otlp.everything()).not.toContain(card);
      expect(told.otlp.everything()).not.toContain('nobody-has-it');
    });
  });
};
