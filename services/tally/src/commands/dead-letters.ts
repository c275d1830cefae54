import { z } from 'zod';
import { deadLettersPath, serviceNames, topics, type ServiceName } from '@tallystick/contracts';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table } from '../output/table.js';
import type { Client } from '../system/client.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

export interface DlqOptions {
  /** Who gives the command, where the token is signed with the data folder's key. */
  readonly as?: string;
  readonly json?: boolean;
}

export interface DlqListOptions extends DlqOptions {
  readonly service?: ServiceName;
  readonly topic?: string;
  readonly limit: number;
}

export interface DlqRetryOptions extends DlqOptions {
  readonly all?: boolean;
}

const outline = z.looseObject({
  topic: z.string(),
  partition: z.int(),
  offset: z.string(),
  messageId: z.string(),
  reason: z.string(),
  buriedAt: z.string().nullable(),
});
const list = z.looseObject({ letters: z.array(outline), next: z.string().nullable() });
const whole = z.looseObject({
  ...outline.shape,
  headers: z.record(z.string(), z.string()),
  value: z.string(),
  bytes: z.string().nullable(),
});
const ended = z.looseObject({ outcome: z.string() });

/** As many as one answer has. */
const pageMax = 1000;

const asOps = async (
  run: Run,
  { as: subject }: DlqOptions,
  work: (client: Client) => Promise<ExitCode>,
): Promise<ExitCode> => {
  const { env, signal, terminal } = run;
  const system = await openSystem({
    ...{ env, signal, roles: ['ops'], note: terminal.note },
    ...(subject === undefined ? {} : { subject }),
  });
  try {
    return await work(system.client);
  } finally {
    await system.close();
  }
};

interface Letter extends z.output<typeof outline> {
  /** `<service>/<topic>/<partition>/<offset>`: what the other commands take. */
  readonly id: string;
}

/** Page after page, service after service. */
async function* letters(
  client: Client,
  { service: only, topic }: Pick<DlqListOptions, 'service' | 'topic'>,
  limit: number,
): AsyncIterable<Letter> {
  for (const service of only === undefined ? serviceNames : [only]) {
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: String(Math.min(limit, pageMax)) });
      if (topic !== undefined) query.set('topic', topic);
      if (cursor !== null) query.set('cursor', cursor);
      const answer = await client.call({
        ...{ service, method: 'GET', answer: list },
        path: `${deadLettersPath(service)}?${query.toString()}`,
      });
      // Not every service reads every topic.
      if (!answer.ok && answer.error.type === 'dead-letter-unknown') break;
      if (!answer.ok) throw failureOf('the dead letters cannot be listed', answer.error);
      const { letters: page, next } = answer.value.value;
      for (const letter of page) {
        const { topic: of, partition, offset } = letter;
        yield { ...letter, id: `${service}/${of}/${partition}/${offset}` };
      }
      cursor = next;
    } while (cursor !== null);
  }
}

const topicNames: readonly string[] = Object.values(topics).map(({ name }) => name);
const checkTopic = (topic: string | undefined): void => {
  if (topic !== undefined && !topicNames.includes(topic))
    throw new Failure(
      exitCodes.notFound,
      `there is no topic ${topic}; there are: ${topicNames.join(', ')}`,
    );
};

/** `tally dlq list`: what the services could not take. */
export const listDeadLetters = async (run: Run, options: DlqListOptions): Promise<ExitCode> => {
  checkTopic(options.topic);
  return asOps(run, options, async (client) => {
    const { limit } = options;
    const found: Letter[] = [];
    let more = false;
    for await (const letter of letters(client, options, limit)) {
      more = found.length === limit;
      if (more) break;
      found.push(letter);
    }
    if (options.json === true) run.terminal.out(JSON.stringify({ letters: found, more }, null, 2));
    else if (found.length === 0) run.terminal.out('There are no dead letters.');
    else run.terminal.out(listed(found));
    if (more && options.json !== true)
      run.terminal.note(`There are more: --limit shows more than ${limit}.`);
    return exitCodes.ok;
  });
};

const listed = (found: readonly Letter[]): string =>
  table(
    [
      ['dead letter', 'put aside at (UTC)', 'message', 'reason'],
      ...found.map(({ id, buriedAt, messageId, reason }) => [
        ...[id, buriedAt === null ? '' : `${buriedAt.slice(0, 10)} ${buriedAt.slice(11, 16)}`],
        ...[messageId, reason],
      ]),
    ],
    ['left', 'left', 'left', 'left'],
  );

/** `tally dlq show`: one of them, whole. */
export const showDeadLetter = (run: Run, id: string, options: DlqOptions): Promise<ExitCode> => {
  const { service, path } = placeOf(id);
  return asOps(run, options, async (client) => {
    const answer = await client.call({ service, method: 'GET', path, answer: whole });
    if (!answer.ok) throw failureOf(`${id} cannot be shown`, answer.error);
    const letter = answer.value.value;
    run.terminal.out(options.json === true ? JSON.stringify(letter, null, 2) : shown(id, letter));
    return exitCodes.ok;
  });
};

const shown = (id: string, letter: z.output<typeof whole>): string =>
  [
    `${id}: ${letter.reason}`,
    ...Object.entries(letter.headers).map(([name, text]) => `${name}: ${text}`),
    '',
    letter.bytes === null ? letter.value : `${letter.bytes}   (base64)`,
  ].join('\n');

/** `tally dlq retry`: the service takes them, or says why it still cannot. */
export const retryDeadLetters = (
  run: Run,
  ids: readonly string[],
  options: DlqRetryOptions,
): Promise<ExitCode> => {
  if ((ids.length === 0) !== (options.all === true))
    throw new Failure(exitCodes.usage, 'name dead letters, or say --all');
  ids.forEach(placeOf);
  return asOps(run, options, async (client) => {
    if (options.all !== true) return endEach(run, client, ids, 'retries', options);
    // All names first: what is refused again stays, and what comes meanwhile is for the next time.
    const asked: string[] = [];
    for await (const { id } of letters(client, {}, pageMax)) asked.push(id);
    return endEach(run, client, asked, 'retries', options);
  });
};

/** `tally dlq drop`: gives them up. */
export const dropDeadLetters = (
  run: Run,
  ids: readonly string[],
  options: DlqOptions,
): Promise<ExitCode> => {
  ids.forEach(placeOf);
  return asOps(run, options, (client) => endEach(run, client, ids, 'drops', options));
};

interface Outcome {
  readonly id: string;
  /** `done`, `dropped`, `refused`, or `unknown`: there is no such letter, or no more. */
  readonly outcome: string;
  readonly reason?: string;
}

/** Refused: exit code 7, be it one or one of several; the others are done all the same. */
const endEach = async (
  run: Run,
  client: Client,
  ids: readonly string[],
  way: 'retries' | 'drops',
  { json = false }: DlqOptions,
): Promise<ExitCode> => {
  const outcomes: Outcome[] = [];
  const tell = (): void => {
    if (json) run.terminal.out(JSON.stringify({ outcomes }, null, 2));
    else if (ids.length === 0) run.terminal.out('There are no dead letters.');
    else if (ids.length > 1) run.terminal.out(counted(outcomes, ids.length, way));
  };
  try {
    for (const id of ids) {
      run.signal.throwIfAborted();
      const { service, path } = placeOf(id);
      const answer = await client.call({
        ...{ service, method: 'POST', answer: ended },
        path: `${path}/${way}`,
      });
      if (!answer.ok && (ids.length === 1 || !isRefusal(answer.error.status)))
        throw failureOf(`${id} is left as it was`, answer.error);
      const outcome: Outcome = answer.ok
        ? { id, outcome: answer.value.value.outcome }
        : {
            ...{ id, outcome: answer.error.status === 404 ? 'unknown' : 'refused' },
            reason: answer.error.message,
          };
      outcomes.push(outcome);
      const { outcome: word, reason } = outcome;
      if (!json) run.terminal.out(`${id}: ${word}${reason === undefined ? '' : `: ${reason}`}`);
    }
  } catch (error) {
    // How far it came is told all the same.
    if (ids.length > 1) tell();
    throw error;
  }
  tell();
  if (countOf(outcomes, 'refused') > 0) return exitCodes.refused;
  return countOf(outcomes, 'unknown') > 0 ? exitCodes.notFound : exitCodes.ok;
};

const countOf = (outcomes: readonly Outcome[], wanted: string): number =>
  outcomes.filter(({ outcome }) => outcome === wanted).length;

const counted = (outcomes: readonly Outcome[], asked: number, way: 'retries' | 'drops'): string => {
  const [refused, unknown] = [countOf(outcomes, 'refused'), countOf(outcomes, 'unknown')];
  const gone = outcomes.length - refused - unknown;
  const told = [
    `${gone} ${way === 'retries' ? 'retried' : 'dropped'}`,
    ...(way === 'retries' ? [`${refused} refused again`] : []),
    ...(unknown === 0 ? [] : [`${unknown} not there`]),
    `${asked - gone - unknown} left`,
  ];
  return told.join(', ');
};

const isRefusal = (status: number): boolean => status === 404 || status === 409;

const placeOf = (id: string): { readonly service: ServiceName; readonly path: string } => {
  const [name, topic, partition, offset, ...more] = id.split('/');
  const service = serviceNames.find((one) => one === name);
  if (service === undefined || more.length > 0 || offset === undefined)
    throw new Failure(
      exitCodes.usage,
      `${id} does not name a dead letter; tally dlq list shows them, such as accrual/receipts/0/17`,
    );
  const rest = [topic, partition, offset].map((part) => encodeURIComponent(part ?? ''));
  return { service, path: `${deadLettersPath(service)}/${rest.join('/')}` };
};
