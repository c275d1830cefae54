import { randomUUID } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

type Value = boolean | number | string | readonly string[] | null;

export interface AttributesOptions extends ManagerOptions {
  /** What to tell, by name. */
  readonly set?: Readonly<Record<string, Value>>;
  /** RFC 3339: since when; without it, from now on. */
  readonly from?: string;
  readonly key?: string;
}

export interface SegmentsOptions extends ManagerOptions {
  readonly from?: string;
  readonly key?: string;
}

/** `name=value`, repeated: true, false and whole numbers are those; quotes make a text of them; nothing takes the value back. */
export const assignment = (
  text: string,
  before: Readonly<Record<string, Value>> = {},
): Readonly<Record<string, Value>> => {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be like student=true, or student= for none.');
  return { ...before, [text.slice(0, at)]: valueOf(text.slice(at + 1)) };
};

const valueOf = (text: string): Value => {
  if (text === '') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  if (/^".*"$/s.test(text)) return text.slice(1, -1);
  return text.includes(',') ? text.split(',').filter((part) => part !== '') : text;
};

const value = z.union([z.boolean(), z.number(), z.string(), z.array(z.string())]);
const told = z.looseObject({
  attributes: z.record(z.string(), value),
  told: z.array(
    z.looseObject({
      ...{ from: z.string(), by: z.string(), at: z.string() },
      attributes: z.record(z.string(), value.nullable()),
    }),
  ),
});
const set = z.looseObject({ from: z.string() });

/** `tally member attributes`: tells what is set, or else shows what was told, by whom. */
export const memberAttributes = (
  run: Run,
  id: string,
  options: AttributesOptions,
): Promise<ExitCode> => {
  if (options.set !== undefined) return tell(run, id, options.set, options);
  if (options.from !== undefined || options.key !== undefined)
    throw new Failure(exitCodes.usage, 'name with --set what is to be told');
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'enrollment', method: 'GET', answer: told },
      path: pathOf(options.program, id),
    });
    if (!answer.ok) throw failureOf('the attributes cannot be read', answer.error);
    const { value: shown } = answer.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(shown, null, 2) : shownAs(shown).join('\n'),
    );
    return exitCodes.ok;
  });
};

/** `tally member segments`: they take the place of all segments of before. */
export const memberSegments = (
  run: Run,
  id: string,
  segments: readonly string[],
  options: SegmentsOptions,
): Promise<ExitCode> => tell(run, id, { segments }, options);

const tell = (
  run: Run,
  id: string,
  attributes: Readonly<Record<string, Value>>,
  options: SegmentsOptions,
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, from, key, json } = options;
    const answer = await client.call({
      ...{ service: 'enrollment', method: 'POST', answer: set },
      path: pathOf(program, id),
      headers: { 'idempotency-key': key ?? randomUUID() },
      body: JSON.stringify({ attributes, from }),
    });
    if (!answer.ok) throw failureOf('the attributes are not set', answer.error);
    const { value: done } = answer.value;
    run.terminal.out(json === true ? JSON.stringify(done, null, 2) : `set, from ${done.from} on`);
    return exitCodes.ok;
  });

const pathOf = (program: string, id: string): string =>
  `/v1/members/${encodeURIComponent(program)}/${encodeURIComponent(id)}/attributes`;

const shownAs = ({ attributes, told: history }: z.output<typeof told>): string[] => {
  const rows = history.flatMap(({ from, by, attributes: those }) =>
    Object.entries(those).map(([name, of]) => [from, name, textOf(of), by]),
  );
  const now = Object.entries(attributes).map(([name, of]) => `${name} ${textOf(of)}`);
  return [
    now.length === 0 ? 'no attributes' : `now: ${now.join(', ')}`,
    ...(rows.length === 0
      ? []
      : [table([['from', 'attribute', 'value', 'by'], ...rows], ['left', 'left', 'left', 'left'])]),
  ];
};

const textOf = (of: Value): string => {
  if (of === null) return '-';
  return typeof of === 'object' ? `[${of.join(', ')}]` : String(of);
};
