import { receiptExplanation } from '@tallystick/contracts';
import { explanationWords } from '@tallystick/programmes';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

export interface ExplainOptions {
  readonly program: string;
  readonly chain: string;
  readonly store: string;
  readonly till: string;
  readonly number: string;
  readonly date: string;
  readonly json?: boolean;
}

/** `tally explain`: why a receipt earned what it earned, and each of its lines what it did not. */
export const explainReceipt = async (run: Run, options: ExplainOptions): Promise<ExitCode> => {
  const { env, signal, terminal } = run;
  const { program, chain, store, till, number, date } = options;
  const system = await openSystem({ env, signal, roles: ['auditor'], note: terminal.note });
  try {
    const query = new URLSearchParams({ program, chain, store, till, number, businessDate: date });
    const answer = await system.client.call({
      service: 'accrual',
      method: 'GET',
      path: `/v1/receipts/explanation?${query.toString()}`,
      answer: receiptExplanation,
    });
    if (!answer.ok) throw failureOf('the receipt cannot be explained', answer.error);
    const { value } = answer.value;
    terminal.out(
      options.json === true ? JSON.stringify(value, null, 2) : explanationWords(value).join('\n'),
    );
    const unproven = value.awards.some(
      ({ explanation, proven }) => explanation !== null && !proven,
    );
    return unproven ? exitCodes.failed : exitCodes.ok;
  } finally {
    await system.close();
  }
};
