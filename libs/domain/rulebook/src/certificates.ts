import {
  Exact,
  addDays,
  addMonths,
  localDate,
  startOfDay,
  timeZone,
  toMinor,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';
import { firstOfMonth, firstOfYear } from './engine/history.js';
import type { CertificateRule, Rulebook } from './rulebook.js';

/** What a rule gives for one period of the programme's calendar. */
export interface CertificateOffer {
  readonly rule: string;
  readonly period: {
    readonly kind: CertificateRule['period'];
    readonly first: LocalDate;
    readonly last: LocalDate;
  };
  /** The first instant after the period: certificates are issued from then on. */
  readonly endsAt: Instant;
  /** From this instant on they are worth nothing: `validDays` days of the programme after the period's last. */
  readonly validUntil: Instant;
  readonly by: CertificateRule['by'];
  /** Ascending: `amount` is `from` in minor units, or in points. */
  readonly steps: readonly {
    readonly from: string;
    readonly amount: number;
    readonly valueMinor: number;
  }[];
  readonly currency: string;
  /** Who pays for them. */
  readonly funder: string;
}

/** What the certificates of a version give for the periods that a day lies in, in the order of the document. */
export const certificateOffersOn = (book: Rulebook, day: LocalDate): CertificateOffer[] =>
  (book.certificates ?? []).map((rule) => {
    const { first, last } = periodOf(rule.period, day);
    const zone = timeZone(book.timeZone);
    const { currency } = book;
    return {
      ...{ rule: rule.id, period: { kind: rule.period, first, last }, by: rule.by },
      endsAt: startOfDay(addDays(last, 1), zone),
      validUntil: startOfDay(addDays(last, 1 + rule.validDays), zone),
      steps: rule.steps.map(({ from, value }) => ({
        from,
        amount: rule.by === 'spend' ? toMinor(Exact.exact(from), currency, 'down') : Number(from),
        valueMinor: toMinor(Exact.exact(value), currency, 'down'),
      })),
      ...{ currency, funder: 'chain' },
    };
  });

const months = { month: 1, quarter: 3, year: 12 } as const;

const periodOf = (
  kind: CertificateRule['period'],
  day: LocalDate,
): { readonly first: LocalDate; readonly last: LocalDate } => {
  const from = kind === 'month' ? firstOfMonth(day) : firstOfYear(day);
  const month = Number(day.slice(5, 7)) - 1;
  const first =
    kind === 'quarter' ? addMonths(from, month - (month % months.quarter)) : localDate(from);
  return { first, last: addDays(addMonths(first, months[kind]), -1) };
};
