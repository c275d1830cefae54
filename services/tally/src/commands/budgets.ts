import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface BudgetsOptions extends ManagerOptions {
  /** Whose part of a budget that each sender has. */
  readonly sender?: string;
}

const budget = z.looseObject({
  ...{ id: z.string(), unit: z.string(), part: z.string().nullable() },
  ...{ limit: z.string(), used: z.string().nullable(), left: z.string().nullable() },
  points: z.int().nullable(),
});
const answered = z.looseObject({
  ...{ program: z.string(), version: z.int(), day: z.string(), budgets: z.array(budget) },
});

/** `tally program budgets`: what is left of each campaign's budget. */
export const showBudgets = (run: Run, options: BudgetsOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, sender, json } = options;
    const query = sender === undefined ? '' : `?${new URLSearchParams({ sender }).toString()}`;
    const answer = await client.call({
      ...{ service: 'accrual', method: 'GET', answer: answered },
      path: `/v1/programs/${encodeURIComponent(program)}/budgets${query}`,
    });
    if (!answer.ok) throw failureOf('the budgets cannot be read', answer.error);
    const { value } = answer.value;
    if (json === true) run.terminal.out(JSON.stringify(value, null, 2));
    else if (value.budgets.length === 0)
      run.terminal.out(`Version ${value.version} of programme ${program} has no budgets.`);
    else run.terminal.out(budgetsTable(value.budgets));
    return exitCodes.ok;
  });

const budgetsTable = (budgets: readonly z.output<typeof budget>[]): string =>
  table(
    [
      ['budget', 'in', 'limit', 'used', 'left', 'pays points'],
      ...budgets.map(({ id, unit, part, limit, used, left, points }) => [
        ...[part ?? `${id} (each sender: --sender)`, unit, limit, used ?? '', left ?? ''],
        points === null ? '' : whole(points),
      ]),
    ],
    ['left', 'left', 'right', 'right', 'right', 'right'],
  );
