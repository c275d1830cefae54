import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { TransferOut } from '@tallystick/ledger';
import { isAway, LOG, periodically, type Log, type Periodic } from '@tallystick/service-host';
import { MEANS } from '../accounts/providers.js';
import { readHistory } from '../orders/history.js';
import type { Means } from '../orders/order.js';
import { deliver } from './deliver.js';
import { OpenTransfers, type OpenTransfer } from './open-transfers.js';

/** How long a transfer may be under way before the sweeper looks: well above what its own handler takes. */
const graceMs = 10_000;
const sweepEveryMs = 5_000;
const transfersMax = 200;
const actor = 'service:redemption';

/** Finishes transfers that a crash left between their two halves, whoever sends the request again or not. */
@Injectable()
export class TransferSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private sweeping: Periodic | undefined;

  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(OpenTransfers) private readonly open: OpenTransfers,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeping = periodically({
      name: 'sweep of transfers',
      everyMs: sweepEveryMs,
      work: () => this.sweep(),
      log: this.log,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweeping?.stop();
  }

  /** Finishes transfers that were noted at least `olderThanMs` ago; says how many it looked at. */
  async sweep(olderThanMs = graceMs): Promise<number> {
    const transfers = await this.open.olderThan(olderThanMs, transfersMax);
    for (const transfer of transfers) {
      try {
        await this.finish(transfer);
      } catch (error) {
        if (isAway(error)) throw error;
        // It is looked at again; those behind it are not to suffer for it.
        this.log.error({ err: error, fact: transfer.fact }, 'a transfer could not be finished');
      }
    }
    return transfers.length;
  }

  private async finish({ fact, program, from }: OpenTransfer): Promise<void> {
    const sent: TransferOut[] = [];
    await readHistory(this.means.store, program, from, ({ type, data }) => {
      if (type === 'PointsTransferred' && data.side === 'out' && data.fact === fact)
        sent.push(data);
    });
    const [data] = sent;
    if (data === undefined) throw new Error(`transfer ${fact} is not on its sender's stream`);
    await deliver(this.means, program, data, { actor, correlationId: randomUUID() });
    await this.open.arrived(fact);
  }
}
