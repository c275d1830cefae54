import { Exact, minorUnitDigits } from '@tallystick/kernel';
import type { CertificateEvent, CertificateReason } from '@tallystick/ledger';
import type { StatementEntry } from './entry.js';

/** Certificates are money: an entry of them moves no points. */
export const certificateEntry = (event: CertificateEvent): StatementEntry => ({
  ...{ at: event.data.occurredAt, points: 0, lots: [] },
  ...said(event),
});

const said = ({ type, data }: CertificateEvent): Pick<StatementEntry, 'reason' | 'fact'> => {
  const worth = money(data.valueMinor, data.currency);
  switch (type) {
    case 'CertificateIssued': {
      const { period, rule, by, reached, from, rulebook, validUntil, fact } = data;
      const count = by === 'spend' ? money(reached, data.currency) : `${reached} points`;
      const step = from === null ? '' : `, from ${from} on`;
      return {
        fact,
        reason: `Gift certificate of ${worth} by rule ${rule} for ${count} from ${period.first} to ${period.last}${step}, rulebook ${rulebook.version}, until ${validUntil}`,
      };
    }
    case 'CertificateCorrected':
      return { fact: data.certificate, reason: corrected(data, worth) };
    case 'CertificateUsed':
      return {
        fact: data.use,
        reason: `Gift certificate of ${worth} used, reference ${data.reference}`,
      };
    case 'CertificateGivenBack':
      return {
        fact: data.use,
        reason: `Gift certificate of ${worth} back, until ${data.validUntil}: ${data.reason}`,
      };
    case 'CertificateExpired':
      return { fact: data.certificate, reason: `Gift certificate of ${worth} expired, not used` };
  }
};

const corrected = (
  {
    beforeMinor,
    valueMinor,
    currency,
  }: CertificateReason & { beforeMinor: number; valueMinor: number; currency: string },
  worth: string,
): string => {
  const before = money(beforeMinor, currency);
  const why = 'for what came late or back of its period';
  if (valueMinor === 0) return `Gift certificate of ${before} withdrawn, ${why}`;
  return `Gift certificate of ${before} is worth ${worth} now, ${why}`;
};

const money = (minor: number, currency: string): string => {
  const digits = minorUnitDigits(currency);
  const [whole = '0', part = ''] = Exact.toDecimal(
    Exact.ratio(BigInt(minor), 10n ** BigInt(digits)),
  ).split('.');
  return `${digits === 0 ? whole : `${whole}.${part.padEnd(digits, '0')}`} ${currency}`;
};
