import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Accounts } from '@tallystick/accounts';
import { AppendRefused } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import { UnknownLedgerEvent } from '@tallystick/ledger';
import {
  BackgroundWork,
  CLOCK,
  isAway,
  LOG,
  POSITIONS,
  type Log,
  type PositionWait,
} from '@tallystick/service-host';
import { CatchUp } from '../accounts/catch-up.js';
import { heardOfAll } from '../accounts/heard-of-all.js';
import { KnownAccounts, type KnownAccount } from '../accounts/known-accounts.js';
import { closeAccount } from './close-account.js';
import { Closings, type Closing, type Progress, type Refusal } from './closings.js';

const lookEveryMs = 1_000;
/** Accounts that are closed together: they share the store's commits. */
const accountsMax = 200;
const actor = 'service:accrual';

/** Closes periods, account by account, in the background: whoever asked for it, and however often the service is stopped in between. */
@Injectable()
export class PeriodCloser extends BackgroundWork {
  constructor(
    @Inject(Closings) private readonly closings: Closings,
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
    @Inject(CatchUp) readonly catchUp: CatchUp,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(POSITIONS) readonly positions: PositionWait,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'closing of periods', everyMs: lookEveryMs }, log);
  }

  protected override turn(): Promise<unknown> {
    return this.advance();
  }

  /** Goes on with what runs, until nothing does. */
  async advance(): Promise<void> {
    while (!this.stopping && (await this.closings.advance((closing) => this.closeBatch(closing))));
  }

  private async closeBatch(closing: Closing): Promise<Progress | null> {
    if (!(await heardOfAll(this, closing.position))) return null;
    const { program, after } = closing;
    const page = await this.known.page(program, after, accountsMax);
    const correlationId = randomUUID();
    const answers = await Promise.all(
      page.map((account) => this.close(closing, account, correlationId)),
    );
    const count = (what: string) => answers.filter((answer) => answer === what).length;
    return {
      ...{ closed: count('closed'), skipped: count('skipped') },
      refusals: answers.filter((answer) => typeof answer === 'object'),
      after: page.at(-1)?.stream ?? null,
    };
  }

  private async close(
    closing: Closing,
    { program, account }: KnownAccount,
    correlationId: string,
  ): Promise<'closed' | 'skipped' | Refusal> {
    const at = this.clock();
    const metadata = { program, occurredAt: at, recordedAt: at, actor, correlationId };
    try {
      return await closeAccount(this.accounts, account, closing, metadata);
    } catch (error) {
      // The store is away: the whole batch comes again. Anything else is this account's own.
      if (isAway(error)) throw error;
      this.log.error({ err: error, program, account }, 'a period of an account cannot be closed');
      return { account, reason: reasonOf(error), detail: detailOf(error) };
    }
  }
}

const reasonOf = (error: unknown): Refusal['reason'] => {
  if (error instanceof AppendRefused) return 'account-too-large';
  return error instanceof UnknownLedgerEvent ? 'newer-release' : 'fault';
};

const detailMax = 300;
const detailOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, detailMax);
