import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, oneByOne } from '@tallystick/service-host';
import { AdjustmentsView } from '../adjustments/adjustments-view.js';
import { adjustmentHeard } from '../adjustments/decode-adjustment-heard.js';

/** Hears of corrections that were asked for, so that what a crash left half done is known of. Each note may be made twice. */
@Controller()
export class CorrectionsConsumer {
  constructor(@Inject(AdjustmentsView) private readonly adjustments: AdjustmentsView) {}

  @EventPattern<string>(topics.corrections.name)
  hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      const adjustment = adjustmentHeard(decodeRelayed(message));
      if (adjustment !== null) await this.adjustments.note([adjustment]);
      return undefined;
    });
  }
}
