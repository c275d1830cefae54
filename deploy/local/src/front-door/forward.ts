import { Agent, request as send } from 'node:http';
import { pipeline } from 'node:stream';
import { problem, type Handler } from './front-door.js';

/** Hands requests on to a service that is a process of its own. */
export interface Forwarder {
  readonly handler: Handler;
  close(): void;
}

/** `url`: the service's base address. A service that is away is 503: ask again. */
export const forwardTo = (url: string): Forwarder => {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  return {
    close: () => agent.destroy(),
    handler: (request, response) => {
      const { method, url: path, headers } = request;
      const onward = send({ agent, hostname, port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        pipeline(answer, response, () => {});
      });
      onward.on('error', () => {
        if (response.headersSent) return response.destroy();
        response.setHeader('retry-after', 1);
        problem(response, 503, 'service-away', 'The service is away; ask again');
      });
      response.on('close', () => {
        if (!response.writableFinished) onward.destroy();
      });
      request.pipe(onward);
    },
  };
};
