import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { partnerEventReceived, topics } from '@tallystick/contracts';
import { cardToken, instant, programId, type Clock } from '@tallystick/kernel';
import type { Message, Verdict } from '@tallystick/message-bus';
import { partnerFactId } from '@tallystick/receipts';
import type { PartnerFact } from '@tallystick/rulebook';
import { CLOCK, decodeRelayed, messageContext, metadata, oneByOne } from '@tallystick/service-host';
import { IntakeQueue } from '../settle/intake-queue.js';

const actor = 'service:accrual';

/** What partners accepted becomes an award by the same way as a receipt. */
@Controller()
export class PartnerEventsConsumer {
  constructor(
    @Inject(IntakeQueue) private readonly queue: IntakeQueue,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @EventPattern<string>(topics.partnerLog.name)
  async hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    // All at once: they share rounds, which keep the order of each card. One after the other, a batch would take so many rounds that
    // a process that dies now and then begins the same batch again and again.
    const verdicts = batch.map((message) => oneByOne([message], (one) => this.settle(one)));
    return (await Promise.all(verdicts)).flat();
  }

  private async settle(message: Message): Promise<Verdict | undefined> {
    const event = decodeRelayed(message);
    if (event.type !== 'PartnerEventReceived') return undefined;
    const received = partnerEventReceived.parse(event.data);
    const program = programId(received.program);
    const fact: PartnerFact = {
      id: partnerFactId(program, received.partner, received.event),
      program,
      partner: received.partner,
      type: received.type,
      hash: received.hash,
      occurredAt: instant(received.occurredAt),
      card: cardToken(received.card),
      amount: received.amount,
      currency: received.currency,
      ...(received.sender === undefined ? {} : { sender: received.sender }),
      ...(received.reason === undefined ? {} : { reason: received.reason }),
    };
    const context = messageContext(message, actor);
    const about = { program, occurredAt: fact.occurredAt, causationId: message.id };
    const [answer] = await this.queue.settle([
      { fact, metadata: metadata(context, about, this.clock) },
    ]);
    if (answer?.kind === 'unsettleable') {
      const reason = answer.error instanceof Error ? answer.error.message : 'unknown';
      return { kind: 'poison', reason: `it cannot be settled: ${reason}` };
    }
    if (answer?.kind === 'program-unknown')
      return { kind: 'poison', reason: `programme ${program} has not been published` };
    return undefined;
  }
}
