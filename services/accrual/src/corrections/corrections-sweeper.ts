import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Accounts } from '@tallystick/accounts';
import type { Named } from '@tallystick/accounts/signed';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import type { Clock, ProgramId } from '@tallystick/kernel';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { BackgroundWork, CLOCK, EVENT_STORE, LOG, type Log } from '@tallystick/service-host';
import { adjustmentStreams } from '../adjustments/adjustment.js';
import { AdjustmentsView } from '../adjustments/adjustments-view.js';
import { finishAdjustment } from '../adjustments/close-adjustment.js';
import { finishRequest } from '../merges/change-merge.js';
import { mergeStreams } from '../merges/merge.js';
import { finishMerge } from '../merges/merge-accounts.js';
import { MergeRegister } from '../merges/merge-register.js';
import { MergeRequestsView, MergesView, type UnfinishedMerge } from '../merges/merges-view.js';
import { importBalance } from '../opening-balances/import-balance.js';
import { balanceFact, readBalance, type BalanceName } from '../opening-balances/opening-balance.js';
import { UnfinishedBalances } from '../opening-balances/unfinished-balances.js';
import { Catalog, rulebookAt } from '../programs/catalog.js';

/** How long a correction may be under way before the sweeper looks: well above what its own request takes. */
const graceMs = 10_000;
const sweepEveryMs = 5_000;
const correctionsMax = 100;
const actor = 'service:accrual';

/** Finishes what a crash left between a correction's own stream and the accounts', whoever sends the request again or not. */
@Injectable()
export class CorrectionsSweeper extends BackgroundWork {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(MergeRegister) readonly register: MergeRegister,
    @Inject(MergeRequestsView) private readonly mergeRequests: MergeRequestsView,
    @Inject(MergesView) private readonly merges: MergesView,
    @Inject(UnfinishedBalances) private readonly balances: UnfinishedBalances,
    @Inject(AdjustmentsView) private readonly adjustments: AdjustmentsView,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'sweep of corrections', everyMs: sweepEveryMs }, log);
  }

  protected override turn(): Promise<unknown> {
    return this.sweep();
  }

  /** Finishes corrections that were noted at least `olderThanMs` ago. */
  async sweep(olderThanMs = graceMs): Promise<void> {
    const finish = <Unfinished extends object>(
      unfinished: readonly Unfinished[],
      work: (named: Unfinished) => Promise<void>,
    ) => this.eachByItself(unfinished, work, 'a correction cannot be finished');
    const adjustments = await this.adjustments.unfinished(olderThanMs, correctionsMax);
    await finish(adjustments, (named) => this.finishAdjustment(named));
    const requests = await this.mergeRequests.unfinished(olderThanMs, correctionsMax);
    await finish(requests, (named) => this.finishRequest(named));
    // What an older release registered is on nobody's list of requests.
    const merges = await this.merges.unfinished(olderThanMs, correctionsMax);
    await finish(merges, (named) => this.finishMerge(named));
    const balances = await this.balances.olderThan(olderThanMs, correctionsMax);
    await finish(balances, (named) => this.finishBalance(named));
  }

  private async finishAdjustment(named: Named): Promise<void> {
    const found = await adjustmentStreams.read(this.store, named);
    if (found?.status === 'approved')
      await finishAdjustment(this, found, this.metadataOf(named.program));
  }

  private async finishRequest(named: Named): Promise<void> {
    const found = await mergeStreams.read(this.store, named);
    if (found?.status === 'approved')
      await finishRequest(this, found, this.metadataOf(named.program));
  }

  private async finishMerge({ program, merge }: UnfinishedMerge): Promise<void> {
    const registered = (await this.register.read(program)).byId.get(merge);
    if (registered !== undefined) await finishMerge(this, registered, this.metadataOf(program));
  }

  private async finishBalance(named: BalanceName): Promise<void> {
    const begun = await readBalance(this.store, named);
    if (begun !== null) {
      const { account, ...content } = begun;
      const published = await this.catalog.read(named.program);
      const book = published === null ? undefined : rulebookAt(published, this.clock())?.book;
      const policy = book === undefined ? undefined : arrearsPolicyOf(book);
      const which = { kind: 'account' as const, account };
      await importBalance(this, which, content, this.metadataOf(named.program), policy);
    }
    await this.balances.imported([balanceFact(named)]);
  }

  private metadataOf(program: ProgramId): EventMetadata {
    const at = this.clock();
    return { program, occurredAt: at, recordedAt: at, actor, correlationId: randomUUID() };
  }
}
