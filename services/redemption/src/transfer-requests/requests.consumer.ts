import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, oneByOne } from '@tallystick/service-host';
import { TransferRequestsView, transferRequestHeard } from './requests-view.js';

/** Hears of transfers that were asked for: what managers list, and what a crash left half done. Each note may be made twice. */
@Controller()
export class TransferRequestsConsumer {
  constructor(@Inject(TransferRequestsView) private readonly requests: TransferRequestsView) {}

  @EventPattern<string>(topics.redemptions.name)
  hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      // Of redemptions and holds there are many more, and their header tells.
      if (message.headers['ce_type']?.startsWith('Transfer') !== true) return undefined;
      const request = transferRequestHeard(decodeRelayed(message));
      if (request !== null) await this.requests.note(request);
      return undefined;
    });
  }
}
