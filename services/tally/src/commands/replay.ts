import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

export interface ReplayOptions {
  readonly rebuild?: boolean;
  readonly json?: boolean;
}

const started = z.looseObject({ replay: z.string() });
const progress = z.looseObject({
  status: z.enum(['running', 'done', 'failed', 'interrupted']),
  problem: z.string().nullish(),
  events: z.int(),
  views: z.array(
    z.looseObject({
      view: z.string(),
      rows: z.int(),
      equal: z.int(),
      different: z.int(),
      missing: z.int(),
      extra: z.int(),
      lagging: z.int(),
      first: z
        .looseObject({
          what: z.string(),
          key: z.record(z.string(), z.unknown()),
          columns: z.array(
            z.looseObject({ column: z.string(), live: z.string(), replayed: z.string() }),
          ),
        })
        .nullish(),
    }),
  ),
  caughtUp: z.boolean().nullish(),
  rebuilt: z.boolean().nullish(),
  equal: z.boolean().nullable(),
});
type Replay = z.output<typeof progress>;

const lookEveryMs = 500;
const tellEveryMs = 5_000;

/** `tally replay`: folds the whole store again and compares every view with it; `--rebuild` makes the views anew first. */
export const replay = async (run: Run, options: ReplayOptions): Promise<ExitCode> => {
  const { env, signal, terminal } = run;
  const system = await openSystem({
    env,
    signal,
    roles: ['ops', 'auditor'],
    note: terminal.note,
  });
  try {
    const ended = await follow(system.client, options, run);
    terminal.out(options.json === true ? JSON.stringify(ended, null, 2) : show(ended));
    return ended.equal === true ? exitCodes.ok : exitCodes.failed;
  } finally {
    await system.close();
  }
};

const follow = async (
  client: Client,
  { rebuild = false }: ReplayOptions,
  run: Run,
): Promise<Replay> => {
  const begun = await client.call({
    service: 'reporting',
    method: 'POST',
    path: '/v1/replays',
    body: JSON.stringify({ rebuild }),
    answer: started,
  });
  if (!begun.ok) throw failureOf('the replay cannot be started', begun.error);
  let toldMs = performance.now();
  for (;;) {
    const answer = await client.call({
      service: 'reporting',
      method: 'GET',
      path: `/v1/replays/${encodeURIComponent(begun.value.value.replay)}`,
      answer: progress,
    });
    if (!answer.ok) throw failureOf('the replay cannot be followed', answer.error);
    const at = answer.value.value;
    if (at.status === 'done') return at;
    if (at.status !== 'running')
      throw new Failure(
        exitCodes.failed,
        `the replay ${at.status === 'failed' ? 'failed' : 'was interrupted'}: ${at.problem ?? 'start it again'}`,
      );
    if (performance.now() - toldMs >= tellEveryMs) {
      toldMs = performance.now();
      run.terminal.note(`${whole(at.events)} events`);
    }
    await sleep(lookEveryMs, undefined, { signal: run.signal });
  }
};

const show = (ended: Replay): string =>
  [
    table(
      [
        ['view', 'rows', 'equal', 'different', 'missing', 'extra', 'lagging'],
        ...ended.views.map(({ view, ...counts }) => [
          view,
          ...[
            counts.rows,
            counts.equal,
            counts.different,
            counts.missing,
            counts.extra,
            counts.lagging,
          ].map(whole),
        ]),
      ],
      ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    ),
    '',
    ...ended.views.flatMap(({ view, first }) => (first ? [firstOf(view, first)] : [])),
    verdictOf(ended),
  ].join('\n');

/** The first row that differs, as somebody who goes after it needs it. */
const firstOf = (view: string, first: NonNullable<Replay['views'][number]['first']>): string => {
  const key = Object.entries(first.key).map(([name, value]) => `${name} ${String(value)}`);
  const columns = first.columns.map(
    ({ column, live, replayed }) => `${column} is ${live}, should be ${replayed}`,
  );
  return `${view}: ${first.what} row ${key.join(', ')}${columns.length > 0 ? `: ${columns.join('; ')}` : ''}`;
};

const verdictOf = ({ events, equal, rebuilt, caughtUp }: Replay): string => {
  const folded = `${whole(events)} events folded again:`;
  if (equal === true)
    return rebuilt === true
      ? `${folded} the views were made anew.`
      : `${folded} every view is equal.`;
  return caughtUp === false
    ? `${folded} the views have not caught up with the store: try again when they have.`
    : `${folded} the views are not equal. \`tally replay --rebuild\` makes them anew.`;
};
