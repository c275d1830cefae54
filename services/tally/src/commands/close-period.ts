import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface ClosePeriodOptions extends ManagerOptions {
  /** The last day of the period. */
  readonly through: string;
  /** false: asked for, and left to run. */
  readonly wait: boolean;
}

const closing = z.looseObject({
  program: z.string(),
  through: z.string(),
  keepFrom: z.string(),
  status: z.string(),
  closed: z.int(),
  skipped: z.int(),
  refused: z.int(),
  /** The first of them. */
  refusals: z.array(z.looseObject({ account: z.string(), reason: z.string(), detail: z.string() })),
});
type Closing = z.output<typeof closing>;

const askEveryMs = 500;
const sayEveryMs = 5_000;

/** `tally close-period`: closes a period of every account, and waits for the end. The same command again goes on waiting. */
export const closePeriod = (run: Run, options: ClosePeriodOptions): Promise<ExitCode> => {
  const { program, through } = options;
  return asManager(run, options, async (client) => {
    const asked = await client.call({
      ...{ service: 'accrual', method: 'POST', path: '/v1/closings', answer: closing },
      body: JSON.stringify({ program, through }),
    });
    if (!asked.ok) throw failureOf('the period is not closed', asked.error);
    const found = options.wait ? await ended(run, client, asked.value.value) : asked.value.value;
    run.terminal.out(options.json === true ? JSON.stringify(found, null, 2) : said(found));
    return found.refused > 0 ? exitCodes.failed : exitCodes.ok;
  });
};

const ended = async (run: Run, client: Client, asked: Closing): Promise<Closing> => {
  let found = asked;
  let sayAtMs = performance.now() + sayEveryMs;
  while (found.status !== 'done') {
    run.signal.throwIfAborted();
    await sleep(askEveryMs);
    const path = `/v1/closings/${encodeURIComponent(found.program)}/${found.through}`;
    const answer = await client.call({ service: 'accrual', method: 'GET', path, answer: closing });
    if (!answer.ok) throw failureOf('how far it is cannot be read', answer.error);
    found = answer.value.value;
    if (performance.now() < sayAtMs || found.status === 'done') continue;
    sayAtMs = performance.now() + sayEveryMs;
    run.terminal.note(`${whole(found.closed)} accounts closed so far`);
  }
  return found;
};

const said = ({ program, through, status, closed, skipped, refused, refusals }: Closing): string =>
  `programme ${program} through ${through}: ${status === 'done' ? 'closed' : 'is being closed'}. ` +
  `${whole(closed)} accounts closed, ${whole(skipped)} had nothing to close` +
  (refused > 0 ? `, ${whole(refused)} could not be closed:` : '') +
  refusals.map(({ account, reason, detail }) => `\n  ${account}: ${reason}, ${detail}`).join('');
