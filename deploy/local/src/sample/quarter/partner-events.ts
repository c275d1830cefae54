import type { LocalDate } from '@tallystick/kernel';
import { pounds } from './basket.js';
import { momentOf } from './calendar.js';
import type { Memory } from './memory.js';
import type { Person } from './people.js';
import type { Random } from './random.js';

export const partner = 'picture-house';

/** What a partner reports of a member, as the partner API takes it. */
export interface SamplePartnerEvent {
  readonly id: string;
  readonly body: {
    readonly type: 'ticket-bought' | 'review-written';
    readonly occurredAt: string;
    readonly card: string;
    readonly amount?: string;
    readonly currency?: string;
  };
}

const ticketPence = 450;
const firstShow = 17 * 3_600;
const lastShow = 22 * 3_600;

/** A week at the cinema round the corner. */
export const partnerEvents = (
  random: Random,
  memory: Memory,
  visitors: readonly Person[],
  days: readonly LocalDate[],
): readonly SamplePartnerEvent[] =>
  days.flatMap((day) =>
    Array.from({ length: random.between(0, 2) }, (_, index) => {
      const person = random.weighted(visitors);
      memory.note(person, 'partner');
      const event = {
        occurredAt: momentOf(day, random.between(firstShow, lastShow)),
        card: random.pick(person.cards),
      };
      return {
        id: `evt-${day}-${index + 1}`,
        body: random.chance(25)
          ? { type: 'review-written', ...event }
          : {
              type: 'ticket-bought',
              ...event,
              amount: pounds(random.between(2, 8) * ticketPence),
              currency: 'GBP',
            },
      };
    }),
  );
