import { once } from 'node:events';
import { createServer } from 'node:http';
import { metricsOf, spansOf, type ReceivedMetric, type ReceivedSpan } from './decode.js';

/** A receiver of OTLP over HTTP in protobuf, on a free port of this machine; keeps all that it is told. */
export interface OtlpReceiver {
  /** For `TALLYSTICK_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** The last that was told of each metric of each service, one for each set of attributes. */
  metrics(): readonly ReceivedMetric[];
  /** Every byte that was told, as text: to look for what must not be in it. */
  everything(): string;
  close(): Promise<void>;
}

export const startOtlpReceiver = async (): Promise<OtlpReceiver> => {
  const spans: ReceivedSpan[] = [];
  const metrics = new Map<string, ReceivedMetric>();
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      bodies.push(body);
      if (request.headers['content-type'] !== 'application/x-protobuf') {
        response.writeHead(415).end();
        return;
      }
      if (request.url === '/v1/traces') spans.push(...spansOf(body));
      else if (request.url === '/v1/metrics')
        for (const metric of metricsOf(body)) metrics.set(placeOf(metric), metric);
      // An empty message: everything was taken.
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    metrics: () => [...metrics.values()],
    everything: () => Buffer.concat(bodies).toString('latin1'),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

const placeOf = ({ service, name, attributes }: ReceivedMetric): string =>
  JSON.stringify([service, name, Object.entries(attributes).sort()]);
