import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { TransferOut } from '@tallystick/ledger';
import { BackgroundWork, LOG, type Log } from '@tallystick/service-host';
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
export class TransferSweeper extends BackgroundWork {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(OpenTransfers) private readonly open: OpenTransfers,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'sweep of transfers', everyMs: sweepEveryMs }, log);
  }

  protected override turn(): Promise<unknown> {
    return this.sweep();
  }

  /** Finishes transfers that were noted at least `olderThanMs` ago; says how many it looked at. */
  async sweep(olderThanMs = graceMs): Promise<number> {
    const transfers = await this.open.olderThan(olderThanMs, transfersMax);
    await this.eachByItself(
      transfers,
      (transfer) => this.finish(transfer),
      'a transfer could not be finished',
    );
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
