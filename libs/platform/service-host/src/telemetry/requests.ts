import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail, readTraceparent, traceparentOf, type Telemetry } from '@tallystick/telemetry';
import '../http/request.js';

/** The spans and times of requests. */
export interface RequestTelemetry {
  /** Begins a request's span, in the caller's trace or in one of its own; returns its traceparent, or nothing where none is begun. */
  begin(request: FastifyRequest): string | undefined;
  /** To be called when the answer is out or given up; another time does nothing. */
  end(request: FastifyRequest, reply: FastifyReply): void;
}

/** `quiet`: paths of the host itself, which are asked for every few seconds, and are not told. */
export const requestTelemetry = (
  telemetry: Telemetry,
  quiet: readonly string[],
): RequestTelemetry => {
  const spans = new WeakMap<FastifyRequest, ReturnType<Telemetry['span']>>();
  return {
    begin: (request) => {
      if (quiet.some((path) => request.url.startsWith(path))) return undefined;
      const cause = readTraceparent(request.headers['traceparent']);
      const attributes = attributesOf(request);
      const route = request.is404 ? '' : (request.routeOptions.url ?? '');
      const span = telemetry.span('request', [request.method, route], { cause, attributes });
      spans.set(request, span);
      return traceparentOf(span.spanContext());
    },
    end: (request, reply) => {
      const span = spans.get(request);
      if (span === undefined) return;
      spans.delete(request);
      const status = { [ATTR_HTTP_RESPONSE_STATUS_CODE]: reply.statusCode };
      span.setAttributes(status);
      if (reply.statusCode >= 500) fail(span, String(reply.statusCode));
      span.end();
      telemetry.took('requests', reply.elapsedTime / 1000, { ...attributesOf(request), ...status });
    },
  };
};

/** The pattern of the path, never the path and the query (`url.path`, `url.query`): they may name a member. */
const attributesOf = (request: FastifyRequest): Attributes => {
  const route = request.is404 ? undefined : request.routeOptions.url;
  return {
    [ATTR_HTTP_REQUEST_METHOD]: request.method,
    [ATTR_URL_SCHEME]: request.protocol,
    ...(route === undefined ? {} : { [ATTR_HTTP_ROUTE]: route }),
  };
};
