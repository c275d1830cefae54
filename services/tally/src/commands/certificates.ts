import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { momentOf } from './balance-table.js';
import { orderOnce, type KeyOptions } from './order-once.js';
import type { Run } from './run.js';

export interface UseOptions extends KeyOptions {
  readonly account?: string;
  readonly card?: string;
  readonly reference: string;
}

export interface GiveBackOptions extends KeyOptions {
  readonly reason: string;
}

const used = z.looseObject({
  ...{ use: z.string(), account: z.string(), certificate: z.string() },
  ...{ value: z.string(), currency: z.string() },
});
const givenBack = used.extend({ validUntil: z.string() });

/** `tally certificate use`: pays with a gift certificate, whole, as a till does. */
export const useCertificate = (
  run: Run,
  certificate: string,
  options: UseOptions,
): Promise<ExitCode> => {
  const { program, account, card, reference } = options;
  if ((account === undefined) === (card === undefined))
    throw new Failure(exitCodes.usage, 'name either --card or --account');
  const which = account === undefined ? { card } : { account };
  return orderOnce(run, options, {
    path: '/v1/certificate-uses',
    ...{ body: { program, ...which, certificate, reference }, answer: used },
    failure: 'the certificate is not used',
    told: ({ use, account: of, value, currency }) =>
      `use ${use}: the gift certificate of account ${of} paid ${value} ${currency}, all of it`,
  });
};

/** `tally certificate give-back`: the sale that a certificate had paid is cancelled. */
export const giveCertificateBack = (
  run: Run,
  use: string,
  options: GiveBackOptions,
): Promise<ExitCode> => {
  const { program, reason } = options;
  return orderOnce(run, options, {
    path: `/v1/certificate-uses/${encodeURIComponent(program)}/${encodeURIComponent(use)}/cancellations`,
    ...{ body: { reason }, answer: givenBack },
    failure: 'the certificate is not given back',
    told: ({ account, value, currency, validUntil }) =>
      `a gift certificate of ${value} ${currency} is back on account ${account}, until ${momentOf(validUntil)}`,
  });
};
