import { addMs, localDate, type Instant, type LocalDate } from '@tallystick/kernel';
import type { Account, CertificateTerms, RulebookRef } from '@tallystick/ledger';
import { certificateOffersOn, inForceAt, type Rulebook } from '@tallystick/rulebook';

/** An approved version: what names it, and what it says. */
interface Version {
  readonly ref: RulebookRef;
  readonly book: Rulebook;
}

/** Whether any version of a programme gives certificates. */
export const givesCertificates = (versions: readonly Pick<Version, 'book'>[]): boolean =>
  versions.some(({ book }) => book.certificates !== undefined);

export interface CertificateReview {
  /** What the rules give for the periods that are over and in which the account did something, or has a certificate. */
  readonly over: readonly CertificateTerms[];
  /** When the next of its periods is over; null: it has done nothing in any that is not. May be too early, never too late. */
  readonly next: Instant | null;
}

/** For which periods an account may have certificates. Of each the version gives them that was in force in its last moment. */
export const certificateReview = (
  versions: readonly Version[],
  { history, certificates }: Pick<Account, 'history' | 'certificates'>,
  at: Instant,
): CertificateReview => {
  if (!givesCertificates(versions)) return { over: [], next: null };
  const books = versions.map(({ book }) => book);
  const over = new Map<string, CertificateTerms>();
  let next: Instant | null = null;
  const had = [...certificates.values()].map(({ period }) => period.first);
  for (const day of monthsOf([...history.keys(), ...had]))
    for (const { book, ref } of versions)
      for (const offer of certificateOffersOn(book, day)) {
        const { endsAt, rule, period } = offer;
        if (endsAt > at) {
          if (next === null || endsAt < next) next = endsAt;
        } else if (inForceAt(books, addMs(endsAt, -1)) === book)
          over.set(`${rule} ${period.first}`, { ...offer, rulebook: ref });
      }
  return { over: [...over.values()], next };
};

/** A day of each month in which something happened, in their order: every period begins and ends with a month. */
const monthsOf = (days: readonly LocalDate[]): LocalDate[] => {
  const months = new Set<string>();
  for (const day of days) months.add(day.slice(0, 7));
  return [...months].sort().map((month) => localDate(`${month}-01`));
};
