import { addMs, localDate, type Instant, type LocalDate } from '@tallystick/kernel';
import type { Account, CertificateTerms } from '@tallystick/ledger';
import { certificateOffersOn } from '@tallystick/rulebook';
import { rulebookAt, type Program } from '../programs/catalog.js';

/** Whether any approved version gives certificates. */
export const givesCertificates = (program: Program): boolean =>
  program.versions.some(({ book }) => book.certificates !== undefined);

export interface CertificateReview {
  /** What the rules give for the periods that are over and in which the account did something. */
  readonly over: readonly CertificateTerms[];
  /** When the next of its periods is over; null: it has done nothing in any that is not. May be too early, never too late. */
  readonly next: Instant | null;
}

/** For which periods an account may have certificates. Of each the version gives them that was in force in its last moment. */
export const certificateReview = (
  program: Program,
  { history }: Pick<Account, 'history'>,
  at: Instant,
): CertificateReview => {
  if (!givesCertificates(program)) return { over: [], next: null };
  const over = new Map<string, CertificateTerms>();
  let next: Instant | null = null;
  for (const day of monthsOf(history.keys()))
    for (const version of program.versions)
      for (const offer of certificateOffersOn(version.book, day)) {
        const { endsAt, rule, period } = offer;
        if (endsAt > at) {
          if (next === null || endsAt < next) next = endsAt;
        } else if (rulebookAt(program, addMs(endsAt, -1)) === version)
          over.set(`${rule} ${period.first}`, { ...offer, rulebook: version.ref });
      }
  return { over: [...over.values()], next };
};

/** A day of each month in which something happened, in their order: every period begins and ends with a month. */
const monthsOf = (days: Iterable<LocalDate>): LocalDate[] => {
  const months = new Set<string>();
  for (const day of days) months.add(day.slice(0, 7));
  return [...months].sort().map((month) => localDate(`${month}-01`));
};
