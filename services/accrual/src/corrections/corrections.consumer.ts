import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, EVENT_STORE, oneByOne } from '@tallystick/service-host';
import { AdjustmentsView, adjustmentHeard } from '../adjustments/adjustments-view.js';
import { closingRequested } from '../closing/closing.js';
import { Closings } from '../closing/closings.js';
import { mergeFact, mergeRequested } from '../merges/merge-register.js';
import { BalanceBatchesView, batchHeard } from '../opening-balances/batches-view.js';
import { balanceRequested } from '../opening-balances/opening-balance.js';
import { UnfinishedBalances } from '../opening-balances/unfinished-balances.js';
import { MergeRequestsView, MergesView, mergeHeard } from '../merges/merges-view.js';

/** Hears of corrections that were asked for, so that what a crash left half done is known of. Each note may be made twice. */
@Controller()
export class CorrectionsConsumer {
  constructor(
    @Inject(AdjustmentsView) private readonly adjustments: AdjustmentsView,
    @Inject(MergeRequestsView) private readonly mergeRequests: MergeRequestsView,
    @Inject(MergesView) private readonly merges: MergesView,
    @Inject(BalanceBatchesView) private readonly batches: BalanceBatchesView,
    @Inject(UnfinishedBalances) private readonly balances: UnfinishedBalances,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Closings) private readonly closings: Closings,
  ) {}

  @EventPattern<string>(topics.corrections.name)
  hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      const event = decodeRelayed(message);
      const adjustment = adjustmentHeard(event);
      if (adjustment !== null) await this.adjustments.note(adjustment);
      const request = mergeHeard(event);
      if (request !== null) await this.mergeRequests.note(request);
      const batched = batchHeard(event);
      if (batched !== null) await this.batches.note(batched);
      if (event.type === 'MergeRequested') {
        const merge = mergeRequested.parse(event.data);
        await this.merges.requested(mergeFact(merge.program, merge.merge), merge);
      }
      if (event.type === 'ClosingRequested')
        await this.closings.note(closingRequested.parse(event.data), BigInt(event.position));
      if (event.type === 'OpeningBalanceRequested' && !this.store.capabilities.atomicAcrossStreams)
        await this.balances.begun(balanceRequested.parse(event.data));
      return undefined;
    });
  }
}
