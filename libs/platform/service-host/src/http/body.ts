import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { problem } from '../problem.js';
import { invalid, malformedJson, unsupportedMediaType } from './problems.js';
import { rulesIn } from './route-rules.js';

const bodyRules = (request: FastifyRequest) => rulesIn(request.routeOptions.config).body;

const mediaType = (request: FastifyRequest): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/**
 * Reads bodies: JSON (strictly UTF-8, no `__proto__`) unless a route's `@BodyForm` says raw or names text types.
 * Anything else is problem 415.
 */
export const readBodies = (server: FastifyInstance): void => {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();

  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      if (bodyRules(request)?.raw === true) return done(null, body);
      if (!isUtf8(body)) return done(malformedJson());
      return parseJson(request, body.toString('utf8'), (error, value) => {
        if (error === null) done(null, value);
        else done(malformedJson());
      });
    },
  );

  server.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const rules = bodyRules(request);
    if (rules?.raw === true) return done(null, body);
    if (rules?.text?.includes(mediaType(request)) === true) {
      return isUtf8(body)
        ? done(null, body.toString('utf8'))
        : done(
            problem({
              status: 400,
              type: 'malformed-text',
              title: 'The body is not text in UTF-8',
            }),
          );
    }
    if (body.length === 0 && mediaType(request) === '') return done(null, undefined);
    return done(unsupportedMediaType(['application/json', ...(rules?.text ?? [])]));
  });
};

/** Parses the raw body of a handler with `@BodyForm({raw: true})`: the schema's output, or the problems that others throw. */
export const parseBody = <Schema extends z.ZodType>(
  schema: Schema,
  raw: Buffer,
): z.output<Schema> => {
  if (!isUtf8(raw)) throw malformedJson();
  let value: unknown;
  try {
    value = JSON.parse(raw.toString('utf8'));
  } catch {
    throw malformedJson();
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error);
  return parsed.data;
};
