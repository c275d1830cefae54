import type { CertificateList, CertificateV1 } from '@tallystick/contracts';

/** Why an account has its gift certificates, as a tree that a person reads: a line each. */
export const certificateWords = ({ account, certificates }: CertificateList): string[] =>
  certificates.length === 0
    ? [`account ${account} has no gift certificates`]
    : certificates.flatMap(wordsOf);

const wordsOf = (one: CertificateV1): string[] => {
  const { value, currency, status, period, rule, rulebook, threshold, reached, now } = one;
  const unit = one.by === 'spend' ? currency : 'points';
  return [
    `${value} ${currency} ${status}, until ${one.validUntil}: ${one.certificate}`,
    `  by rule ${rule} for the ${period.kind} from ${period.first} to ${period.last}, version ${rulebook.version} of the rulebook`,
    `  ${reached} ${unit} ${threshold === null ? 'reach no step' : `reach the step from ${threshold} on`}; steps: ${one.steps.map(({ from, value: gives }) => `${gives} from ${from} on`).join(', ')}`,
    ...(one.corrections === 0
      ? []
      : [`  corrected ${one.corrections} times by what came late, or back`]),
    ...(now.reached === reached
      ? []
      : [
          `  by now the period comes to ${now.reached} ${unit}, which would be worth ${now.value} ${currency}`,
        ]),
    ...one.days.map(({ day, amount }) => `  ${day}: ${amount} ${unit}`),
    ...one.receipts.map(({ fact, day, amount }) => `    ${day}, ${amount} ${unit}: ${fact}`),
    ...one.uses.map(
      ({ at, reference, givenBack }) =>
        `  used at ${at}, reference ${reference}${givenBack ? ', given back since' : ''}`,
    ),
  ];
};
