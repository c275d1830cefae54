import { minorUnitDigits } from '@tallystick/kernel';
import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface CertificateReportOptions extends ManagerOptions {
  /** As of this place in the event store; without it, as of its end. */
  readonly position?: string;
}

/** Digits in a string where they are beyond 2^53 - 1. */
const minor = z.union([z.int(), z.string().regex(/^-?\d+$/)]);
const tally = z.looseObject({ count: z.int(), minor });
const report = z.looseObject({
  rules: z.array(
    z.looseObject({
      ...{ rule: z.string(), currency: z.string() },
      period: z.looseObject({ first: z.string(), last: z.string() }),
      ...{ given: tally, changed: tally, used: tally, givenBack: tally },
      ...{ expired: tally, outstanding: tally },
    }),
  ),
  currencies: z.array(
    z.looseObject({
      currency: z.string(),
      accounts: z.array(z.looseObject({ account: z.string(), minor })),
      ...{ sum: minor, posted: minor, folded: minor },
    }),
  ),
  ...{ balanced: z.boolean(), position: z.string() },
});
type Report = z.output<typeof report>;

/** `tally certificate report`: a programme's gift certificates and their double entry. Fails where they do not balance. */
export const showCertificateReport = (
  run: Run,
  options: CertificateReportOptions,
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, position } = options;
    const query = position === undefined ? '' : `?position=${encodeURIComponent(position)}`;
    const answer = await client.call({
      ...{ service: 'reporting', method: 'GET', answer: report },
      path: `/v1/reports/${encodeURIComponent(program)}/certificates${query}`,
    });
    if (!answer.ok) throw failureOf('the certificates cannot be reported', answer.error);
    const told = answer.value.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(told, null, 2) : certificateTables(told),
    );
    if (told.balanced) return exitCodes.ok;
    run.terminal.note('The certificates do not balance: see posted, folded and the sums.');
    return exitCodes.failed;
  });

/** The report as tables for a person, money in major units. */
export const certificateTables = ({ rules, currencies, position }: Report): string => {
  const at = `as of position ${position} in the event store`;
  if (rules.length === 0) return `No gift certificates, ${at}`;
  const what = ['given', 'changed', 'used', 'givenBack', 'expired', 'outstanding'] as const;
  const cells = rules.map((of) => [
    ...[of.rule, of.period.first, of.period.last, of.currency],
    ...what.flatMap((name) => [whole(of[name].count), money(of[name].minor, of.currency)]),
  ]);
  const head = ['given', 'changed', 'used', 'given back', 'expired', 'outstanding'];
  return [
    table(
      [['rule', 'from', 'to', 'currency', ...head.flatMap((name) => [name, 'worth'])], ...cells],
      ['left', 'left', 'left', 'left', ...what.flatMap(() => ['right', 'right'] as const)],
    ),
    ...currencies.flatMap(({ currency, accounts, sum, posted, folded }) => [
      '',
      table(
        [
          ['posting account', currency],
          ...accounts.map((of) => [of.account, money(of.minor, currency)]),
          ['sum', money(sum, currency)],
          ['outstanding as posted', money(posted, currency)],
          ['outstanding as folded', money(folded, currency)],
        ],
        ['left', 'right'],
      ),
    ]),
    at,
  ].join('\n');
};

/** Minor units as major ones: `-12.50`. */
const money = (of: number | string, currency: string): string => {
  const text = String(of);
  const digits = minorUnitDigits(currency);
  const [sign, plain] = text.startsWith('-') ? ['-', text.slice(1)] : ['', text];
  if (digits === 0) return text;
  const padded = plain.padStart(digits + 1, '0');
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
};
