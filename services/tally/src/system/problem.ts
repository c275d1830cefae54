import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';

/** RFC 9457, as the services answer it. */
const problemDetails = z.looseObject({
  type: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.looseObject({ field: z.string(), message: z.string() })).optional(),
  successor: z.string().optional(),
});

/** A service's refusal of one request, or of one item of a batch. */
export interface Problem {
  readonly status: number;
  /** The stable end of its type: `program-unknown`. */
  readonly type: string;
  /** For a person: title, detail and the fields at fault. */
  readonly message: string;
  /** Of `account-merged`: the account that it became part of. */
  readonly successor?: string | undefined;
}

export const problemOf = (status: number, body: unknown): Problem => {
  const parsed = problemDetails.safeParse(body);
  if (!parsed.success)
    return { status, type: `http-${status}`, message: `the answer is ${status}` };
  const { type, title, detail, errors = [], successor } = parsed.data;
  const fields = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  return {
    status,
    type: type.slice(type.lastIndexOf(':') + 1),
    message: [title, detail, fields].filter((part) => part !== undefined && part !== '').join(': '),
    ...(successor === undefined ? {} : { successor }),
  };
};

const exitCodeOf = (problem: Problem): ExitCode => {
  if (problem.status === 401 || problem.status === 403) return exitCodes.forbidden;
  if (problem.status === 404) return exitCodes.notFound;
  return problem.status < 500 ? exitCodes.refused : exitCodes.failed;
};

/** A refusal that ends the command. */
export const failureOf = (doing: string, problem: Problem): Failure =>
  new Failure(exitCodeOf(problem), `${doing}: ${problem.message} (${problem.type})`);
