import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiConsumes, ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../auth/caller.js';
import type { RequestContext } from '../context.js';
import { problem } from '../problem.js';
import { withRules, type BodyRules } from './route-rules.js';

const requestOf = (execution: ExecutionContext): FastifyRequest =>
  execution.switchToHttp().getRequest<FastifyRequest>();

/** The `Caller` of the token. Only in handlers with `@Allow`. */
export const CallerParam = createParamDecorator(
  (_: unknown, execution: ExecutionContext): Caller => {
    const { caller } = requestOf(execution).tallystick;
    if (caller === undefined) throw new Error('@CallerParam() in a handler that is @Public()');
    return caller;
  },
);

/** The `RequestContext` of the request. */
export const ContextParam = createParamDecorator(
  (_: unknown, execution: ExecutionContext): RequestContext => {
    const { correlationId, traceparent, actor } = requestOf(execution).tallystick;
    return { correlationId, traceparent, actor };
  },
);

const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/;

const idempotencyKey = createParamDecorator((_: unknown, execution: ExecutionContext): string => {
  const key = requestOf(execution).headers['idempotency-key'];
  if (typeof key !== 'string' || key === '') {
    throw problem({
      status: 400,
      type: 'idempotency-key-missing',
      title: 'This request needs the header Idempotency-Key',
    });
  }
  if (!idempotencyKeyPattern.test(key)) {
    throw problem({
      status: 400,
      type: 'idempotency-key-malformed',
      title: 'Idempotency-Key is 1 to 255 visible ASCII characters',
    });
  }
  return key;
});

/** The header `Idempotency-Key`: 1..255 visible ASCII characters, or problem 400. Documents the header too. */
export const IdempotencyKeyParam =
  (): ParameterDecorator =>
  (target, property, index): void => {
    idempotencyKey()(target, property, index);
    const descriptor =
      property === undefined ? undefined : Object.getOwnPropertyDescriptor(target, property);
    if (property === undefined || descriptor === undefined) return;
    ApiHeader({
      name: 'Idempotency-Key',
      required: true,
      description:
        'Chosen by the caller. The same key with the same body is answered as before; with another body it is refused (422).',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    })(target, property, descriptor);
  };

/**
 * How a route's body is read, when it is not JSON: raw for signed bodies, or text such as `application/yaml`.
 * Without it a route takes `application/json` only, and other types get problem 415.
 */
export const BodyForm = (rules: BodyRules): MethodDecorator =>
  applyDecorators(
    withRules({ body: rules }),
    ApiConsumes('application/json', ...(rules.text ?? [])),
  );

/** The body's bytes, in a handler with `@BodyForm({raw: true})`: a `Buffer`, empty when there was no body. */
export const RawBodyParam = createParamDecorator(
  (_: unknown, execution: ExecutionContext): Buffer => {
    const { body } = requestOf(execution);
    return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  },
);
