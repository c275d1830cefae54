import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { catchError, from, switchMap, throwError, type Observable } from 'rxjs';
import { problemType, ProblemException, type PositionWait } from '@tallystick/service-host';

/** `PositionWait`: until accrual has opened the accounts of those who were enrolled. */
export const OPENED = Symbol('Opened');

const header = 'tallystick-after';

/**
 * What enrollment writes names an account that accrual opens when it hears of it. Who sends `Tallystick-After` and is answered that there is no
 * such account waits for that, and is answered anew: nothing was written. Others wait for nobody.
 */
@Injectable()
export class AfterOpening implements NestInterceptor {
  constructor(@Inject(OPENED) private readonly opened: PositionWait) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        const { headers } = context
          .switchToHttp()
          .getRequest<{ readonly headers: Readonly<Record<string, unknown>> }>();
        const after = headers[header];
        if (after === undefined || !isUnknownAccount(error)) return throwError(() => error);
        return from(this.opened.reached(after)).pipe(switchMap(() => next.handle()));
      }),
    );
  }
}

const isUnknownAccount = (error: unknown): boolean =>
  error instanceof ProblemException && error.problem.type === problemType('account-unknown');
