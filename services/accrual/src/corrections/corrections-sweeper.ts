import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Accounts } from '@tallystick/accounts';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import type { Clock, ProgramId } from '@tallystick/kernel';
import {
  CLOCK,
  EVENT_STORE,
  LOG,
  periodically,
  type Log,
  type Periodic,
} from '@tallystick/service-host';
import { readAdjustment } from '../adjustments/adjustment.js';
import { AdjustmentsView } from '../adjustments/adjustments-view.js';
import { finishAdjustment } from '../adjustments/close-adjustment.js';
import { Catalog } from '../programs/catalog.js';

/** How long a correction may be under way before the sweeper looks: well above what its own request takes. */
const graceMs = 10_000;
const sweepEveryMs = 5_000;
const correctionsMax = 100;
const actor = 'service:accrual';

/** Finishes what a crash left between a correction's own stream and the accounts', whoever sends the request again or not. */
@Injectable()
export class CorrectionsSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private sweeping: Periodic | undefined;

  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(AdjustmentsView) private readonly adjustments: AdjustmentsView,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeping = periodically({
      name: 'sweep of corrections',
      everyMs: sweepEveryMs,
      work: () => this.sweep(),
      log: this.log,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweeping?.stop();
  }

  /** Finishes corrections that were noted at least `olderThanMs` ago. */
  async sweep(olderThanMs = graceMs): Promise<void> {
    const unfinished = await this.adjustments.unfinished(olderThanMs, correctionsMax);
    for (const { program, adjustment } of unfinished) {
      const found = await readAdjustment(this.store, program, adjustment);
      if (found?.status === 'approved')
        await finishAdjustment(this, found, this.metadataOf(program));
    }
  }

  private metadataOf(program: ProgramId): EventMetadata {
    const at = this.clock();
    return { program, occurredAt: at, recordedAt: at, actor, correlationId: randomUUID() };
  }
}
