import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { cardLinked, cardUnlinked, topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, oneByOne } from '@tallystick/service-host';
import { Heard } from './heard.js';

@Controller()
export class HeardConsumer {
  constructor(@Inject(Heard) private readonly heard: Heard) {}

  @EventPattern<string>(topics.membership.name)
  hearMembership(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      const event = decodeRelayed(message);
      if (event.type === 'CardLinked') await this.heard.linked(cardLinked.parse(event.data));
      if (event.type === 'CardUnlinked') await this.heard.unlinked(cardUnlinked.parse(event.data));
      return undefined;
    });
  }
}
