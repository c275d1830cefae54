import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createClient } from './client.js';

let server: Server;
let url: string;
const heard: IncomingHttpHeaders[] = [];

beforeEach(async () => {
  heard.length = 0;
  server = createServer((request, response) => {
    heard.push(request.headers);
    response.writeHead(heard.length === 1 ? 503 : 200).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  url = `http://127.0.0.1:${address.port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

it('names the trace of its run in every request, repetitions included', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const client = createClient({
    urls: { enrollment: url, accrual: url, redemption: url, partners: url, reporting: url },
    token: async () => 'token',
    signal: new AbortController().signal,
    onRetry: () => {},
    patience: 0,
    traceparent,
  });
  const answer = z.object({});
  await client.call({ service: 'accrual', method: 'GET', path: '/v1/receipts', answer });
  expect(heard.map((headers) => headers['traceparent'])).toEqual([traceparent, traceparent]);
});
