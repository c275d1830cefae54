import type { FastifyRequest } from 'fastify';

/** The requests in hand, so that a stop can let them end. */
export interface InHand {
  /** False when the service is stopping: then the request is to be refused. */
  begin(request: FastifyRequest, openPaths: readonly string[]): boolean;
  end(request: FastifyRequest): void;
  readonly stopping: boolean;
  /** Refuses new requests from now on; resolves when the last one in hand has ended, or to how many have not in time. */
  drain(timeoutMs: number): Promise<number>;
}

export const trackRequests = (): InHand => {
  const requests = new Set<FastifyRequest>();
  let stopping = false;
  let whenEmpty: (() => void) | undefined;
  return {
    get stopping() {
      return stopping;
    },
    begin: (request, openPaths) => {
      // Health still answers while we stop: its readiness is how a load balancer learns of it.
      if (stopping && !openPaths.some((path) => request.url.startsWith(path))) return false;
      requests.add(request);
      return true;
    },
    end: (request) => {
      requests.delete(request);
      if (requests.size === 0) whenEmpty?.();
    },
    drain: async (timeoutMs) => {
      stopping = true;
      if (requests.size === 0) return 0;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      whenEmpty = () => {
        resolve(undefined);
      };
      const timer = setTimeout(resolve, timeoutMs, undefined);
      await promise;
      clearTimeout(timer);
      return requests.size;
    },
  };
};
