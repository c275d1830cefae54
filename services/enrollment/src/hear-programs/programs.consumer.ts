import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { rulebookPublished, topics } from '@tallystick/contracts';
import { programId } from '@tallystick/kernel';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, oneByOne, PoisonMessage } from '@tallystick/service-host';
import { PARTS, type Parts } from '../parts.js';
import { hear } from './hear.js';

/** Of a published rulebook, enrollment needs to know only that its programme exists. */
const published = rulebookPublished.pick({ program: true });

@Controller()
export class ProgramsConsumer {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @EventPattern(topics.programs.name)
  heard(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      const event = decodeRelayed(message);
      if (event.type !== 'RulebookPublished') return;
      const parsed = published.safeParse(event.data);
      if (!parsed.success) throw new PoisonMessage('RulebookPublished without a programme');
      await hear(this.parts.db, [programId(parsed.data.program)]);
    });
  }
}
