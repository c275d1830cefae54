import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Accounts } from '@tallystick/accounts';
import type { Clock, StreamName } from '@tallystick/kernel';
import { BackgroundWork, CLOCK, CONFIG, isAway, LOG, type Log } from '@tallystick/service-host';
import { CertificateVersions } from '../certificates/certificate-versions.js';
import { Catalog } from '../programs/catalog.js';
import { DueAccounts, type DueAccount, type Looked } from './due-accounts.js';
import { postDue } from './post-due.js';

const everySecondsMax = 86_400;
/** Accounts that are looked at together: they share the store's commits. */
const accountsMax = 200;
const actor = 'service:accrual';

/** How often accrual's clock looks; a variable of the environment. */
export const clockVariables = z.object({
  TALLYSTICK_CLOCK_EVERY_SECONDS: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((seconds) => seconds <= everySecondsMax)
    .default(60)
    .describe(
      `seconds from 1 to ${everySecondsMax} between two looks for points and holds that have lapsed and certificates that are due, 0 for never, or nothing for 60`,
    ),
});
type ClockConfig = z.output<typeof clockVariables>;

/**
 * Posts points, holds and certificates that have lapsed. They cannot be spent before either, so it makes no difference when it runs: in
 * time, late after months, in several processes at once, cut off in the middle. And gives the certificates of periods that are over.
 */
@Injectable()
export class ExpiryClock extends BackgroundWork {
  constructor(
    @Inject(DueAccounts) private readonly due: DueAccounts,
    @Inject(CertificateVersions) private readonly versions: CertificateVersions,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(CONFIG) config: ClockConfig,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'clock', everyMs: config.TALLYSTICK_CLOCK_EVERY_SECONDS * 1_000 }, log);
  }

  protected override turn(): Promise<unknown> {
    return this.tick();
  }

  /** Looks at every account that is due now. Answers at how many. */
  async tick(): Promise<number> {
    let looked = 0;
    await this.versions.noteNew(this.clock());
    while (!this.stopping) {
      const taken = await this.due.take(this.clock(), accountsMax, (accounts) =>
        this.look(accounts),
      );
      looked += taken;
      if (taken === 0) break;
    }
    return looked;
  }

  private async look(accounts: readonly DueAccount[]): Promise<ReadonlyMap<StreamName, Looked>> {
    const correlationId = randomUUID();
    const looked = new Map<StreamName, Looked>();
    await Promise.all(
      accounts.map(async ({ stream, program, account }) => {
        const at = this.clock();
        const metadata = { program, occurredAt: at, recordedAt: at, actor, correlationId };
        try {
          const nextDue = await postDue(this, program, account, metadata);
          looked.set(stream, { kind: 'done', nextDue });
        } catch (error) {
          // The store is away: all of them come again. Anything else is this account's own.
          if (isAway(error)) throw error;
          this.log.error({ err: error, program, account }, 'what lapsed cannot be posted');
          looked.set(stream, { kind: 'failed' });
        }
      }),
    );
    return looked;
  }
}
