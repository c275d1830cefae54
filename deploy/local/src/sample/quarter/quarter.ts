import type { ReceiptV1Input } from '@tallystick/contracts';
import type { LocalDate } from '@tallystick/kernel';
import { sentAgain, type Again } from './again.js';
import { askingTill } from './asking-till.js';
import { daysOfQuarter } from './calendar.js';
import { Memory, type Sold } from './memory.js';
import { partnerEvents, type SamplePartnerEvent } from './partner-events.js';
import { people, type Person } from './people.js';
import { random, type Random } from './random.js';
import { planRedemptions, type SampleRedemption, type Spender } from './redemptions.js';
import { serve } from './serve.js';
import { visitsOf } from './visits.js';

/** A week of the shop. It happens in this order; cancelled redemptions are given back at its end. */
export interface SampleWeek {
  readonly joins: readonly Pick<Person, 'key' | 'cards'>[];
  readonly redemptions: readonly SampleRedemption[];
  readonly receipts: {
    readonly http: readonly ReceiptV1Input[];
    readonly bus: readonly ReceiptV1Input[];
  };
  readonly partnerEvents: readonly SamplePartnerEvent[];
}

/** How many receipts are sent: messages = receipts + repeated + corrected + changed. */
export interface SentCounts {
  readonly messages: number;
  /** Different receipts. */
  readonly receipts: number;
  /** Sent a second time, as they were. */
  readonly repeated: number;
  /** Sent again as revision 2. */
  readonly corrected: number;
  /** Sent again with other content under the same revision: refused, and the first stays. */
  readonly changed: number;
}

export interface SampleQuarter {
  readonly firstDay: LocalDate;
  readonly lastDay: LocalDate;
  readonly weeks: readonly SampleWeek[];
  /** The last evening's baskets, at a till that asks first: not reduced yet. */
  readonly asking: readonly ReceiptV1Input[];
  readonly sent: SentCounts;
  /** The card of a member with a history worth reading. */
  readonly showCard: string;
}

export interface QuarterOptions {
  readonly seed?: number;
  /** Only the first so many weeks; default: all of them. */
  readonly weeks?: number;
}

const seedDefault = 20_260_701;
const daysAWeek = 7;

/**
 * A shop's quarter: the same for the same first day and seed, on every machine.
 * Some three hundred members and four thousand receipts, with what real life brings: receipts without a card,
 * cards that are enrolled weeks later or never, returns with and without their receipt, receipts that come twice,
 * are corrected, changed, or in the wrong currency, points that are spent, given back, or are not there.
 */
export const sampleQuarter = (
  firstDay: LocalDate,
  { seed = seedDefault, weeks = Infinity }: QuarterOptions = {},
): SampleQuarter => {
  const whole = daysOfQuarter(firstDay);
  const days = whole.slice(0, weeks * daysAWeek);
  const weekCount = Math.ceil(days.length / daysAWeek);
  const chance = random(seed);
  const everyone = people(chance, Math.ceil(whole.length / daysAWeek));
  const memory = new Memory();
  const made = Array.from({ length: weekCount }, (_, week) =>
    makeWeek(chance, memory, everyone, week, days.slice(week * daysAWeek, (week + 1) * daysAWeek)),
  );
  const lastDay = days.at(-1) ?? firstDay;
  const asking = askingTill(chance, memory, everyone, { day: lastDay, week: weekCount - 1 });
  const again = made.flatMap((week) => week.again);
  const count = (why: Again['why']): number => again.filter((one) => one.why === why).length;
  return {
    firstDay,
    lastDay,
    weeks: made.map(({ again: _, ...week }) => week),
    asking,
    sent: {
      messages: memory.sold.length + again.length + asking.length,
      receipts: memory.sold.length + asking.length,
      repeated: count('repeated'),
      corrected: count('corrected'),
      changed: count('changed'),
    },
    showCard: memory.cardWorthReading(),
  };
};

const makeWeek = (
  chance: Random,
  memory: Memory,
  everyone: readonly Person[],
  week: number,
  days: readonly LocalDate[],
): SampleWeek & { readonly again: readonly Again[] } => {
  const customers = everyone.filter(({ shopsFromWeek }) => shopsFromWeek <= week);
  const joins = everyone.filter(({ joinsInWeek }) => joinsInWeek === week);
  if (week > 0) for (const person of joins) memory.note(person, 'joined later');
  const { asks, spenders } = planRedemptions(chance, memory, everyone, week);
  memory.dayNumber += 1;
  const again = sentAgain(chance, memory, week);
  const fresh = days.flatMap((day, index) => {
    if (index > 0) memory.dayNumber += 1;
    return makeDay(
      chance,
      memory,
      customers,
      day,
      spenders.filter((one) => one.dayInWeek === index),
    );
  });
  const receipts = [...again.map(({ sold }) => sold), ...fresh];
  return {
    joins: joins.map(({ key, cards }) => ({ key, cards })),
    redemptions: asks,
    receipts: {
      http: receipts.filter(({ store }) => store.sends === 'http').map(({ receipt }) => receipt),
      bus: receipts.filter(({ store }) => store.sends === 'bus').map(({ receipt }) => receipt),
    },
    partnerEvents: partnerEvents(chance, memory, customers, days),
    again,
  };
};

const makeDay = (
  chance: Random,
  memory: Memory,
  customers: readonly Person[],
  day: LocalDate,
  spenders: readonly Spender[],
): Sold[] => {
  const numbers = new Map<string, number>();
  // The programme's points are worth a penny each.
  const paying = spenders.map(({ person, points }) => ({ person, pence: points }));
  return visitsOf(chance, customers, day, paying).map((visit) => {
    const till = `${visit.store.id}/${visit.till}`;
    const number = (numbers.get(till) ?? 0) + 1;
    numbers.set(till, number);
    return serve(chance, memory, day, visit, String(number).padStart(4, '0'));
  });
};
