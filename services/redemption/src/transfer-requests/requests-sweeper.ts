import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Named } from '@tallystick/accounts/signed';
import { BackgroundWork, LOG, type Log } from '@tallystick/service-host';
import { MEANS } from '../accounts/providers.js';
import type { Means } from '../orders/order.js';
import { finishTransfer } from './change-request.js';
import { TransferRequestsView } from './requests-view.js';
import { transferRequestStreams } from './transfer-request.js';

/** How long an approved transfer may be on its way before the sweeper looks: well above what its own handler takes. */
const graceMs = 10_000;
const sweepEveryMs = 5_000;
const requestsMax = 200;
const actor = 'service:redemption';

/** Sends what was approved where a crash came between, whoever approves it again or not. */
@Injectable()
export class TransferRequestsSweeper extends BackgroundWork {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(TransferRequestsView) private readonly requests: TransferRequestsView,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'sweep of approved transfers', everyMs: sweepEveryMs }, log);
  }

  protected override turn(): Promise<unknown> {
    return this.sweep();
  }

  /** Finishes requests that were noted as approved at least `olderThanMs` ago. */
  async sweep(olderThanMs = graceMs): Promise<void> {
    const unfinished = await this.requests.unfinished(olderThanMs, requestsMax);
    await this.eachByItself(
      unfinished,
      (named) => this.finish(named),
      'an approved transfer cannot be sent',
    );
  }

  private async finish(named: Named): Promise<void> {
    const found = await transferRequestStreams.read(this.means.store, named);
    if (found?.status !== 'approved') return;
    const at = this.means.clock();
    const metadata = { program: named.program, occurredAt: at, recordedAt: at };
    await finishTransfer(this.means, found, { ...metadata, actor, correlationId: randomUUID() });
  }
}
