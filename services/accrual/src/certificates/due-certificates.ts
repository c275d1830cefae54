import { addMonths, localDate, startOfDay, timeZone, type Instant } from '@tallystick/kernel';
import { givesCertificates } from '@tallystick/receipts';
import type { HeardEvent } from '../accounts/decode-heard-event.js';
import type { Program } from '../programs/catalog.js';

/**
 * When an account's certificates are to be looked at after what happened: when the month is over in which it counts, and at once where that
 * is over, or is not told. Every period ends with a month. null: it changes none. May be too early, never too late.
 */
export const certificatesDueAfter = (
  { event, recordedAt }: HeardEvent,
  program: Program,
): Instant | null => {
  if (!givesCertificates(program.versions)) return null;
  switch (event?.type) {
    case 'PointsEarned':
      return event.data.day === undefined || event.data.reinstated.length > 0
        ? recordedAt
        : monthEnd(event.data.day, program);
    case 'EarnReversed':
    case 'EarningRerated':
    case 'OpeningBalanceImported':
    case 'CertificateGivenBack':
      return recordedAt;
    case 'AccountsMerged':
      return event.data.side === 'target' ? recordedAt : null;
    default:
      return null;
  }
};

const monthEnd = (day: string, { versions }: Program): Instant | null => {
  const [version] = versions;
  if (version === undefined) return null;
  const month = localDate(`${day.slice(0, 7)}-01`);
  return startOfDay(addMonths(month, 1), timeZone(version.book.timeZone));
};
