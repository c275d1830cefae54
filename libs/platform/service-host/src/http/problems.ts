import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import type { ZodError } from 'zod';
import { isAway } from '../bus/relayed.js';
import { ServiceAway } from '../calling/service-away.js';
import type { Log } from '../log.js';
import { problem, ProblemException, type FieldError } from '../problem.js';
import { allowedMethods, type RouteTable } from './route-table.js';
import { bodyBytesMax } from './limits.js';

const fieldErrorsMax = 100;
export const problemMediaType = 'application/problem+json';

/** The problem of a body, a query or a path that is not what the schema says. */
export const invalid = (error: ZodError, whole = 'body'): ProblemException => {
  const errors: FieldError[] = error.issues.slice(0, fieldErrorsMax).map((issue) => ({
    field: issue.path.length === 0 ? whole : issue.path.map(String).join('.'),
    message: issue.message,
  }));
  return problem({
    status: 400,
    type: 'validation',
    title: 'The request is not valid',
    detail: `${error.issues.length} ${error.issues.length === 1 ? 'field is' : 'fields are'} wrong.`,
    errors,
  });
};

export const malformedJson = (): ProblemException =>
  problem({ status: 400, type: 'malformed-json', title: 'The body is not JSON in UTF-8' });

export const unsupportedMediaType = (accepted: readonly string[]): ProblemException =>
  problem({
    status: 415,
    type: 'unsupported-media-type',
    title: 'The content type is not one that this takes',
    detail: `Accepted: ${accepted.join(', ')}.`,
  });

const tooLarge = () =>
  problem({
    status: 413,
    type: 'body-too-large',
    title: `A body has at most ${bodyBytesMax / 2 ** 20} MiB`,
  });

const unavailable = (
  detail = 'Nothing is known to be wrong with the request: send the same again.',
) =>
  problem({
    status: 503,
    type: 'unavailable',
    title: 'The service cannot do this now',
    detail,
    retryAfterSeconds: 2,
  });

const otherServiceAway = ({ service }: ServiceAway) =>
  unavailable(
    `It needs ${service}, which does not answer. Nothing is known to be wrong with the request: send the same again.`,
  );

const internal = () =>
  problem({
    status: 500,
    type: 'internal',
    title: 'Something went wrong on our side',
    detail: 'The log has it under the correlation id of this answer.',
  });

/** Titles of what the framework itself refuses, by status; the type says the same in kebab-case. */
const refusals = new Map<number, readonly [type: string, title: string]>([
  [400, ['malformed-request', 'The request is malformed']],
  [404, ['not-found', 'There is nothing at this path']],
  [408, ['request-timeout', 'The request took too long to arrive']],
  [414, ['uri-too-long', 'A part of the path is too long']],
  [431, ['headers-too-large', 'The headers are too large']],
]);

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** What Fastify refuses or gives up by itself. */
const ofFastify: Readonly<Record<string, () => ProblemException>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: tooLarge,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => unsupportedMediaType(['application/json']),
  FST_ERR_CTP_EMPTY_JSON_BODY: malformedJson,
  FST_ERR_HANDLER_TIMEOUT: () => unavailable(),
};

/** PostgreSQL's: a text that it cannot hold (U+0000, half a surrogate pair). It came with the request, and nothing is named so. */
const textCodes: ReadonlySet<string> = new Set(['22021', '22P05']);
const textThatCannotBe = (): ProblemException =>
  problem({
    status: 400,
    type: 'malformed-text',
    title: 'The request holds a text that cannot be',
  });

/** What a caller is told of an error. Errors that nobody expected tell nothing of the inside. */
export const problemOf = (error: unknown): ProblemException => {
  if (error instanceof ProblemException) return error;
  const cause = error instanceof HttpException ? (error.cause ?? error) : error;
  if (textCodes.has(codeOf(cause) ?? '')) return textThatCannotBe();
  const known = ofFastify[codeOf(cause) ?? ''];
  if (known !== undefined) return known();
  if (cause instanceof ServiceAway) return otherServiceAway(cause);
  if (isAway(cause)) return unavailable();
  const status = statusOf(error);
  if (status === undefined || status >= 500) return internal();
  const [type, title] = refusals.get(status) ?? ['refused', 'The request was refused'];
  return problem({ status, type, title });
};

const statusOf = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  if (codeOf(error)?.startsWith('FST_') && error instanceof Error && 'statusCode' in error) {
    return typeof error.statusCode === 'number' ? error.statusCode : undefined;
  }
  return undefined;
};

/** Sends a problem as RFC 9457 has it. */
export const sendProblem = (
  reply: FastifyReply,
  { problem: body, retryAfterSeconds }: ProblemException,
): void => {
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (body.status === 401) {
    const missing = body.type.endsWith(':token-missing');
    reply.header(
      'www-authenticate',
      `Bearer realm="tallystick"${missing ? '' : ', error="invalid_token"'}`,
    );
  }
  reply.status(body.status).type(problemMediaType).send(JSON.stringify(body));
};

/** Answers a request that no route took: 405 when its path answers to other methods, 404 otherwise. */
export const sendNoSuchRoute = (
  routes: RouteTable,
  request: FastifyRequest,
  reply: FastifyReply,
): void => {
  const methods = allowedMethods(routes, request.url);
  if (methods.length === 0) {
    sendProblem(
      reply,
      problem({ status: 404, type: 'not-found', title: 'There is nothing at this path' }),
    );
    return;
  }
  reply.header('allow', methods.join(', '));
  sendProblem(
    reply,
    problem({
      status: 405,
      type: 'method-not-allowed',
      title: 'This path does not answer to this method',
      detail: `Allowed: ${methods.join(', ')}.`,
    }),
  );
};

/** Every error of every handler and hook ends here, as a problem. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    // A message handler's: the bus judges errors itself, and Nest would make `{status, message}` of it.
    if (host.getType() === 'rpc') return throwError(() => error);
    this.answer(error, host);
    return undefined;
  }

  private answer(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const answer = problemOf(error);
    if (answer.problem.status >= 500) this.note(error, request, answer);
    if (reply.sent) return;
    sendProblem(reply, answer);
  }

  private note(error: unknown, request: FastifyRequest, answer: ProblemException): void {
    const { method, routeOptions, tallystick } = request;
    const line = {
      err: error,
      method,
      route: routeOptions.url,
      status: answer.problem.status,
      correlationId: tallystick.correlationId,
    };
    if (answer.problem.type.endsWith(':internal')) this.log.error(line, 'a request failed');
    else this.log.warn(line, 'a request could not be served now');
  }
}
