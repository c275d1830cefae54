import { FastifyAdapter } from '@nestjs/platform-fastify';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
  RouteOptions,
} from 'fastify';
import type { Caller, Role } from '../auth/caller.js';
import type { Verifier } from '../auth/verifier.js';
import { traceIdOf } from '@tallystick/telemetry';
import { currentContext, takeCorrelationId, takeTraceparent } from '../context.js';
import type { Log } from '../log.js';
import { problem } from '../problem.js';
import type { RequestTelemetry } from '../telemetry/requests.js';
import { Answer } from './answer.js';
import { readBodies } from './body.js';
import type { InHand } from './in-hand.js';
import * as limits from './limits.js';
import type { PositionWait } from './position-wait.js';
import { problemOf, sendNoSuchRoute, sendProblem } from './problems.js';
import './request.js';
import { rulesIn } from './route-rules.js';
import type { RouteTable } from './route-table.js';

/** Fastify for one service, with limits, before any route. */
export const createAdapter = (): FastifyAdapter =>
  new FastifyAdapter({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionTimeout: limits.silenceTimeoutMs,
    routerOptions: { maxParamLength: limits.pathParamLengthMax },
    return503OnClosing: false,
    multipart: false,
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, problemOf(error)),
  });

export interface ServerParts {
  readonly log: Log;
  readonly verifier: Verifier;
  readonly positions: PositionWait;
  readonly inHand: InHand;
  readonly routes: RouteTable;
  /** Null: telemetry is off. */
  readonly requests: RequestTelemetry | null;
  /** Paths of the host itself (health, API pages), open to anyone. */
  readonly openPaths: readonly string[];
}

/** Everything that happens to each request around its handler. To be called before the routes are there. */
export const equip = (server: FastifyInstance, parts: ServerParts): void => {
  const { log, inHand, positions, requests } = parts;
  const ended = (request: FastifyRequest, reply: FastifyReply): void => {
    inHand.end(request);
    requests?.end(request, reply);
  };
  readBodies(server);
  noteRoutes(server, parts);

  server.addHook('onRequest', (request, reply, done) => {
    const correlationId = takeCorrelationId(request.headers['x-correlation-id']);
    const traceparent = requests?.begin(request) ?? takeTraceparent(request.headers['traceparent']);
    request.tallystick = { correlationId, traceparent, caller: undefined, actor: 'anyone' };
    reply.header('x-correlation-id', correlationId);
    // Balances and members: nobody on the way keeps an answer.
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    if (!inHand.begin(request, parts.openPaths)) {
      reply.header('connection', 'close');
      sendProblem(reply, stopping());
      return;
    }
    // Before the body is read: what leads nowhere need not be received.
    if (request.is404) sendNoSuchRoute(parts.routes, request, reply);
    else done();
  });

  server.addHook('preHandler', (request, _reply, done) => {
    const after = request.headers['tallystick-after'];
    const proceed = (error?: Error): void =>
      currentContext.run(request.tallystick, () => done(error));
    // Only a known caller may make us wait and ask.
    if (after === undefined || request.tallystick.caller === undefined) proceed();
    else positions.reached(after).then(() => proceed(), proceed);
  });

  server.addHook('preSerialization', (_request, reply, payload, done) => {
    if (!(payload instanceof Answer)) return done(null, payload);
    const { status, position, headers } = payload.options;
    if (status !== undefined) reply.status(status);
    if (position !== undefined) reply.header('tallystick-position', String(position));
    if (headers !== undefined) reply.headers(headers);
    return done(null, payload.body);
  });

  // A caller that went away is sent nothing, and `onResponse` is not called: its request ends with its handler.
  server.addHook('onSend', (request, reply, payload, done) => {
    if (reply.raw.closed) ended(request, reply);
    else reply.raw.once('close', () => ended(request, reply));
    done(null, payload);
  });

  server.addHook('onResponse', (request, reply, done) => {
    ended(request, reply);
    if (log.isLevelEnabled('debug')) logRequest(log, request, reply);
    done();
  });
};

const stopping = () =>
  problem({
    status: 503,
    type: 'stopping',
    title: 'This service is about to stop',
    detail: 'Send the request again, over a new connection.',
    retryAfterSeconds: 2,
  });

const logRequest = (log: Log, request: FastifyRequest, reply: FastifyReply): void => {
  const { correlationId, traceparent, actor } = request.tallystick;
  // The pattern of the path, not the path: that may name a member.
  const route = request.is404 ? undefined : request.routeOptions.url;
  log.debug(
    {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      actor,
      correlationId,
      traceId: traceIdOf(traceparent),
    },
    'request',
  );
};

/** Fills the table of routes, and puts the check of its access rule in front of each. */
const noteRoutes = (
  server: FastifyInstance,
  { routes, verifier, openPaths }: ServerParts,
): void => {
  server.addHook('onRoute', (route) => {
    const known = routes.get(route.url) ?? new Set();
    for (const method of methodsOf(route)) known.add(method);
    routes.set(route.url, known);

    const rule = rulesIn(route.config).access;
    if (rule?.kind === 'public') return;
    if (rule === undefined) {
      if (openPaths.some((path) => route.url.startsWith(path))) return;
      throw new Error(`the route ${route.url} does not say who may call it`);
    }
    const check = guard(verifier, rule.roles);
    route.onRequest = [...[route.onRequest ?? []].flat(), check];
  });
};

const methodsOf = (route: RouteOptions): HTTPMethods[] => [route.method].flat();

/** Checks token and role before the body is read. */
const guard =
  (verifier: Verifier, allowed: readonly Role[]) =>
  (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    const admit = (caller: Caller): void => {
      const role = allowed.find((one) => caller.roles.includes(one));
      if (role === undefined) {
        done(
          problem({
            status: 403,
            type: 'forbidden',
            title: 'Your token does not allow this',
            detail: `It takes one of these roles: ${allowed.join(', ')}.`,
          }),
        );
        return;
      }
      request.tallystick.caller = caller;
      request.tallystick.actor = `${role}:${caller.subject}`;
      done();
    };
    let verified: Caller | Promise<Caller>;
    try {
      verified = verifier.verify(request.headers.authorization);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (verified instanceof Promise) verified.then(admit, done);
    else admit(verified);
  };
