import { z } from 'zod';
import {
  readPublished,
  rulebookDiff,
  rulebookWords,
  type RulebookChange,
} from '@tallystick/programmes';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table } from '../output/table.js';
import { readTyped, typedPath } from '../paths.js';
import type { Client } from '../system/client.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import { changeWords } from './rulebook-diff.js';
import type { Run } from './run.js';

const version = z.looseObject({
  program: z.string(),
  version: z.int(),
  hash: z.string(),
  effectiveFrom: z.string(),
  status: z.string(),
  draftedBy: z.string().nullable(),
  proposedBy: z.string().nullable(),
  approvedBy: z.string().nullable(),
});
type Version = z.output<typeof version>;
const written = version.extend({ position: z.string() });
const list = z.looseObject({ versions: z.array(version) });
const whole = z.looseObject({ rulebook: z.unknown() });

/** `tally program draft` and `tally program propose`: keeps a document as the next version, and asks somebody else to approve it. */
export const draftVersion = async (
  run: Run,
  file: string,
  { propose, ...options }: Omit<ManagerOptions, 'program'> & { readonly propose: boolean },
): Promise<ExitCode> => {
  const document = await readTyped(typedPath(run.env, file));
  return asManager(run, options, async (client) => {
    const drafted = await post(client, '/v1/programs', { document });
    const done =
      propose && drafted.status === 'draft'
        ? await post(client, `${pathOf(drafted)}/proposals`, { hash: drafted.hash })
        : drafted;
    run.terminal.out(options.json === true ? JSON.stringify(done, null, 2) : stands(done));
    return exitCodes.ok;
  });
};

const stands = (done: Version): string => {
  const named = `programme ${done.program}, version ${done.version}`;
  switch (done.status) {
    case 'draft':
      return `${named}: kept as a draft; nobody is asked to approve it yet`;
    case 'proposed':
      return `${named}: proposed\nAnother manager approves it: tally program approve --program ${done.program}`;
    default:
      return `${named}, in force from ${done.effectiveFrom}: it was approved already`;
  }
};

export interface ApproveOptions extends ManagerOptions {
  readonly hash?: string;
}

/**
 * `tally program approve`: without a hash says what would change, with the hash that it told puts it in force: nobody signs what
 * this person has not seen.
 */
export const approveVersion = (run: Run, options: ApproveOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, hash } = options;
    const versions = await listed(client, program);
    const open = versions.find(({ status }) => status !== 'approved');
    const found = open ?? versions.find((one) => hash !== undefined && one.hash.startsWith(hash));
    if (found === undefined)
      throw new Failure(exitCodes.notFound, `no version of ${program} waits for approval`);
    const say = (what: object, words: readonly string[]): void =>
      run.terminal.out(options.json === true ? JSON.stringify(what, null, 2) : words.join('\n'));
    if (hash === undefined) {
      const changes = await changesOf(client, versions, found);
      say({ ...found, changes }, [
        `programme ${program}, version ${found.version}, from ${found.effectiveFrom}: ${found.status}, by ${found.draftedBy ?? ''}`,
        ...changeWords(changes),
        '',
        `Approve exactly this: tally program approve --program ${program} --hash ${found.hash.slice(0, 12)}`,
      ]);
      return exitCodes.ok;
    }
    if (!/^[0-9a-f]{12,64}$/.test(hash) || !found.hash.startsWith(hash))
      throw new Failure(
        exitCodes.usage,
        `version ${found.version} is not the one that you have seen: its hash is ${found.hash.slice(0, 12)}`,
      );
    const done = await post(client, `${pathOf(found)}/approvals`, { hash: found.hash });
    await heardByEnrollment(client, done);
    say(done, [
      `programme ${program}, version ${done.version}, in force from ${done.effectiveFrom}`,
    ]);
    return exitCodes.ok;
  });

/** `tally program withdraw`: what is proposed is a draft again. */
export const withdrawVersion = (
  run: Run,
  options: ManagerOptions & { readonly reason: string },
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, reason } = options;
    const found = (await listed(client, program)).find(({ status }) => status === 'proposed');
    if (found === undefined)
      throw new Failure(exitCodes.notFound, `no version of ${program} waits for approval`);
    const { hash } = found;
    const done = await post(client, `${pathOf(found)}/withdrawals`, { hash, reason });
    run.terminal.out(
      options.json === true
        ? JSON.stringify(done, null, 2)
        : `programme ${program}, version ${done.version}: a draft again`,
    );
    return exitCodes.ok;
  });

/** `tally program versions`: which there are, and who signed them. */
export const listVersions = (run: Run, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const versions = await listed(client, options.program);
    run.terminal.out(
      options.json === true
        ? JSON.stringify({ versions }, null, 2)
        : table(
            [
              ['version', 'from', 'status', 'drafted by', 'proposed by', 'approved by', 'hash'],
              ...versions.map((one) => [
                ...[String(one.version), one.effectiveFrom, one.status, one.draftedBy ?? ''],
                ...[one.proposedBy ?? '', one.approvedBy ?? '', one.hash.slice(0, 12)],
              ]),
            ],
            ['right', 'left', 'left', 'left', 'left', 'left', 'left'],
          ),
    );
    return exitCodes.ok;
  });

const pathOf = ({ program, version: number }: Pick<Version, 'program' | 'version'>): string =>
  `/v1/programs/${encodeURIComponent(program)}/versions/${number}`;

const post = async (client: Client, path: string, body: object) => {
  const answer = await client.call({
    ...{ service: 'accrual', method: 'POST', path, body: JSON.stringify(body), answer: written },
  });
  if (!answer.ok) throw failureOf('the version stays as it is', answer.error);
  return answer.value.value;
};

const listed = async (client: Client, program: string): Promise<readonly Version[]> => {
  const path = `/v1/programs/${encodeURIComponent(program)}`;
  const answer = await client.call({ service: 'accrual', method: 'GET', path, answer: list });
  if (!answer.ok) throw failureOf('the versions cannot be read', answer.error);
  return answer.value.value.versions;
};

const bookOf = async (client: Client, of: Version) => {
  const path = pathOf(of);
  const answer = await client.call({ service: 'accrual', method: 'GET', path, answer: whole });
  if (!answer.ok) throw failureOf('the version cannot be read', answer.error);
  return readPublished(answer.value.value.rulebook);
};

/** What the open version changes of the newest one that is approved; of a first version: all that it says. */
const changesOf = async (
  client: Client,
  versions: readonly Version[],
  open: Version,
): Promise<RulebookChange[]> => {
  const newest = versions.findLast(({ status }) => status === 'approved');
  const book = await bookOf(client, open);
  return newest === undefined
    ? rulebookWords(book)
    : rulebookDiff(await bookOf(client, newest), book);
};

/** The next command may enrol members: enrollment hears of a programme over the bus, and is waited for. */
const heardByEnrollment = async (
  client: Client,
  { program, position }: z.output<typeof written>,
): Promise<void> => {
  await client.call({
    service: 'enrollment',
    method: 'GET',
    path: `/v1/members/${encodeURIComponent(program)}/nobody`,
    headers: { 'tallystick-after': position },
    answer: z.unknown(),
  });
};
