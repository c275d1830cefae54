import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ServiceName } from '@tallystick/contracts';
import { problemType } from '@tallystick/service-host';
import { portTakenBy } from './port-in-use.js';
import { indexPage } from './index-page.js';
import { ownerOf } from './routes.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What stands behind the door, one of each service. */
export interface Behind {
  readonly handlers: Readonly<Record<ServiceName, Handler>>;
  readonly summaries: Readonly<Record<ServiceName, string>>;
}

/** The one address of all five services. It answers 503 before they are there, and after they began to stop. */
export interface FrontDoor {
  readonly url: string;
  open(behind: Behind): void;
  /** New requests get 503 from now on; those in hand go on. */
  shut(): void;
  /** Resolves when the last request in hand was answered, or after `withinMs` all the same. */
  close(withinMs: number): Promise<void>;
}

const host = '127.0.0.1';
const retryAfterSeconds = 1;

/** Listens at once, so that a port that is taken is known before anything else starts. Throws `PortInUse`. */
export const listenAtFrontDoor = async (port: number, instance: string): Promise<FrontDoor> => {
  let state: 'starting' | 'ready' | 'stopping' = 'starting';
  let behind: Behind | undefined;

  const server = createServer((request, response) => {
    const [pathname = '/'] = (request.url ?? '/').split('?');
    if (pathname === '/health') {
      const status = state === 'ready' ? 200 : 503;
      return answer(response, status, {
        system: 'tallystick',
        status: state,
        instance,
        pid: process.pid,
      });
    }
    if (behind === undefined || state !== 'ready') {
      response.setHeader('retry-after', retryAfterSeconds);
      return problem(response, 503, 'not-ready', `Tallystick is ${state}`);
    }
    const service = ownerOf(pathname);
    if (service !== undefined) return behind.handlers[service](request, response);
    if (pathname === '/' && (request.method === 'GET' || request.method === 'HEAD')) {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(request.method === 'HEAD' ? undefined : indexPage(behind.summaries));
      return;
    }
    problem(response, 404, 'not-found', 'There is nothing at this path');
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw await portTakenBy(error, port);
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');

  return {
    url: `http://${host}:${address.port}`,
    open: (services) => {
      behind = services;
      state = 'ready';
    },
    shut: () => {
      state = 'stopping';
    },
    close: async (withinMs) => {
      state = 'stopping';
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
};

const answer = (
  response: ServerResponse,
  status: number,
  body: object,
  type = 'application/json',
): void => {
  response.writeHead(status, { 'content-type': type });
  response.end(JSON.stringify(body));
};

/** RFC 9457, as the services answer. */
export const problem = (
  response: ServerResponse,
  status: number,
  type: string,
  title: string,
): void =>
  answer(response, status, { type: problemType(type), title, status }, 'application/problem+json');
