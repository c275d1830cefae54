import { HttpException } from '@nestjs/common';
import type { Json } from '@tallystick/contracts';

/** A field at fault, by its path in what was sent: `lines.0.quantity`. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface ProblemOptions {
  readonly status: number;
  /** Stable and kebab-case, `insufficient-points`; callers see `urn:tallystick:problem:insufficient-points`. */
  readonly type: string;
  /** The same sentence for every problem of this type. */
  readonly title: string;
  /** What is particular about this one. Nothing personal, no card numbers. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Becomes the header `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** More members of the answer, such as `available` (RFC 9457, section 3.2). */
  readonly extensions?: Readonly<Record<string, Json>>;
}

/** Problem details as RFC 9457 has them: the body of every answer that is not a success. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly [extension: string]: unknown;
}

export const problemType = (type: string): string => `urn:tallystick:problem:${type}`;

/** An answer that is not a success. Thrown in controllers only: below them, business answers are values. */
export class ProblemException extends HttpException {
  readonly problem: ProblemDetails;
  readonly retryAfterSeconds: number | undefined;

  constructor(options: ProblemOptions) {
    const { status, type, title, detail, errors, retryAfterSeconds, extensions } = options;
    const problem: ProblemDetails = {
      ...extensions,
      type: problemType(type),
      title,
      status,
      ...(detail === undefined ? {} : { detail }),
      ...(errors === undefined ? {} : { errors }),
    };
    super(problem, status);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export const problem = (options: ProblemOptions): ProblemException => new ProblemException(options);
