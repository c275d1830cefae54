import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { PARTS, type Parts } from '../parts.js';
import { hear } from './hear.js';

@Controller()
export class ViewsConsumer {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @EventPattern(topics.ledger.name)
  ledger(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return hear(this.parts, this.parts.live.ledger, batch);
  }

  @EventPattern(topics.receiptLog.name)
  receipts(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return hear(this.parts, this.parts.live.receipts, batch);
  }

  @EventPattern(topics.membership.name)
  membership(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return hear(this.parts, this.parts.live.members, batch);
  }

  @EventPattern(topics.programs.name)
  programs(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return hear(this.parts, this.parts.live.programs, batch);
  }
}
