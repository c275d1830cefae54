import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, oneByOne } from '@tallystick/service-host';
import { AdjustmentsView } from '../adjustments/adjustments-view.js';
import { closingRequested } from '../closing/closing.js';
import { Closings } from '../closing/closings.js';
import { mergeFact, mergeRequested } from '../merges/merge-register.js';
import { MergesView } from '../merges/merges-view.js';
import { adjustmentHeard } from '../adjustments/decode-adjustment-heard.js';

/** Hears of corrections that were asked for, so that what a crash left half done is known of. Each note may be made twice. */
@Controller()
export class CorrectionsConsumer {
  constructor(
    @Inject(AdjustmentsView) private readonly adjustments: AdjustmentsView,
    @Inject(MergesView) private readonly merges: MergesView,
    @Inject(Closings) private readonly closings: Closings,
  ) {}

  @EventPattern<string>(topics.corrections.name)
  hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      const event = decodeRelayed(message);
      const adjustment = adjustmentHeard(event);
      if (adjustment !== null) await this.adjustments.note([adjustment]);
      if (event.type === 'MergeRequested') {
        const merge = mergeRequested.parse(event.data);
        await this.merges.requested(mergeFact(merge.program, merge.merge), merge);
      }
      if (event.type === 'ClosingRequested')
        await this.closings.note(closingRequested.parse(event.data), BigInt(event.position));
      return undefined;
    });
  }
}
