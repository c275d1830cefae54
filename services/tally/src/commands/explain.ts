import { z } from 'zod';
import { certificateList, partnerExplanation, receiptExplanation } from '@tallystick/contracts';
import { certificateWords, explanationWords } from '@tallystick/programmes';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

/** A receipt by its shop's name for it, a partner's event by the partner's, or an account's gift certificates. */
export interface ExplainOptions {
  readonly program: string;
  readonly chain?: string;
  readonly store?: string;
  readonly till?: string;
  readonly number?: string;
  readonly date?: string;
  readonly partner?: string;
  readonly event?: string;
  readonly account?: string;
  readonly json?: boolean;
}

const explanation = z.union([receiptExplanation, partnerExplanation]);

/**
 * `tally explain`: why a receipt or a partner's event earned what it earned, and each line of a receipt what it did not; or why an account
 * has its gift certificates.
 */
export const explainFact = async (run: Run, options: ExplainOptions): Promise<ExitCode> => {
  if (options.account !== undefined) return explainCertificates(run, options, options.account);
  const path = pathOf(options);
  const { env, signal, terminal } = run;
  const system = await openSystem({ env, signal, roles: ['auditor'], note: terminal.note });
  try {
    const answer = await system.client.call({
      ...{ service: 'accrual', method: 'GET', path, answer: explanation },
    });
    if (!answer.ok) throw failureOf('it cannot be explained', answer.error);
    const { value } = answer.value;
    terminal.out(
      options.json === true ? JSON.stringify(value, null, 2) : explanationWords(value).join('\n'),
    );
    const unproven = value.awards.some((award) => award.explanation !== null && !award.proven);
    return unproven ? exitCodes.failed : exitCodes.ok;
  } finally {
    await system.close();
  }
};

const explainCertificates = async (
  { env, signal, terminal }: Run,
  { program, account: _, json, ...others }: ExplainOptions,
  account: string,
): Promise<ExitCode> => {
  if (Object.keys(others).length > 0) throw whichOne();
  const system = await openSystem({ env, signal, roles: ['auditor'], note: terminal.note });
  try {
    const path = `/v1/certificates/${encodeURIComponent(program)}/${encodeURIComponent(account)}`;
    const answer = await system.client.call({
      ...{ service: 'accrual', method: 'GET', path, answer: certificateList },
    });
    if (!answer.ok) throw failureOf('they cannot be explained', answer.error);
    const { value } = answer.value;
    terminal.out(
      json === true ? JSON.stringify(value, null, 2) : certificateWords(value).join('\n'),
    );
    return exitCodes.ok;
  } finally {
    await system.close();
  }
};

const whichOne = (): Failure =>
  new Failure(
    exitCodes.usage,
    'name a receipt by --chain, --store, --till, --number and --date, an event by --partner and --event, or by --account whose gift certificates',
  );

const pathOf = ({ program, partner, event, ...receipt }: ExplainOptions): string => {
  const { chain, store, till, number, date } = receipt;
  const of = [chain, store, till, number, date];
  if (partner !== undefined && event !== undefined && of.every((one) => one === undefined)) {
    const query = new URLSearchParams({ program, partner, event });
    return `/v1/partner-awards/explanation?${query.toString()}`;
  }
  if (
    chain === undefined ||
    store === undefined ||
    till === undefined ||
    number === undefined ||
    date === undefined ||
    partner !== undefined ||
    event !== undefined
  )
    throw whichOne();
  const query = new URLSearchParams({ program, chain, store, till, number, businessDate: date });
  return `/v1/receipts/explanation?${query.toString()}`;
};
