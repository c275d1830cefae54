import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface EnrolOptions extends ManagerOptions {
  /** Another member's, to share it. */
  readonly account?: string;
  readonly card?: readonly string[];
  /** RFC 3339: since when; without it, from now on. */
  readonly from?: string;
  readonly key?: string;
}

export interface BirthdayOptions extends ManagerOptions {
  readonly forget?: boolean;
}

export interface LinkOptions extends ManagerOptions {
  readonly card: string;
  readonly key?: string;
}

export interface UnlinkOptions extends ManagerOptions {
  readonly card?: string;
  readonly token?: string;
  readonly key?: string;
}

const card = z.looseObject({ token: z.string(), from: z.string() });
const enrolled = z.looseObject({
  ...{ member: z.string(), account: z.string(), cards: z.array(card) },
});
const member = z.looseObject({
  ...{ member: z.string(), account: z.string(), since: z.string(), cards: z.array(card) },
  successor: z.string().nullish(),
});
const born = z.looseObject({ member: z.string(), birthday: z.string().nullable() });
const linked = card.extend({ account: z.string() });
const unlinked = linked.extend({ until: z.string() });
const owner = z.looseObject({
  ...{ member: z.string(), account: z.string(), token: z.string() },
  successor: z.string().nullish(),
});

/** `tally member enrol`: a member with an account of its own, or in that of another. */
export const enrolMember = (run: Run, options: EnrolOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, card: cards = [], from, account, key } = options;
    const answer = await client.call({
      ...{ service: 'enrollment', method: 'POST', path: '/v1/members', answer: enrolled },
      headers: { 'idempotency-key': key ?? randomUUID() },
      body: JSON.stringify({ program, cards, from, account }),
      // Accrual knows the programme; enrollment may be about to hear of it.
      isForLater: (answered) => !answered.ok && answered.error.type === 'program-unknown',
    });
    if (!answer.ok) throw failureOf('the member is not enrolled', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(value, null, 2)
        : `member ${value.member}, account ${value.account}`,
    );
    return exitCodes.ok;
  });

/** `tally member show`: its account and its cards. What is personal is only in the JSON document. */
export const showMember = (run: Run, id: string, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'enrollment', method: 'GET', answer: member },
      path: memberPath(options.program, id),
    });
    if (!answer.ok) throw failureOf('the member cannot be read', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(value, null, 2) : memberTable(value).join('\n'),
    );
    return exitCodes.ok;
  });

/** `tally member birthday`: sets or changes it, or forgets it. */
export const memberBirthday = (
  run: Run,
  id: string,
  birthday: string | undefined,
  options: BirthdayOptions,
): Promise<ExitCode> => {
  if ((birthday === undefined) !== (options.forget === true))
    throw new Failure(exitCodes.usage, 'name either the birthday, such as 1990-02-28, or --forget');
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'enrollment', answer: born },
      path: `${memberPath(options.program, id)}/birthday`,
      ...(birthday === undefined
        ? { method: 'DELETE' as const }
        : { method: 'PUT' as const, body: JSON.stringify({ birthday }) }),
    });
    if (!answer.ok) throw failureOf('the birthday is not changed', answer.error);
    const { value } = answer.value;
    const said = value.birthday === null ? 'no birthday is kept' : `born on ${value.birthday}`;
    run.terminal.out(options.json === true ? JSON.stringify(value, null, 2) : said);
    return exitCodes.ok;
  });
};

/** `tally card link`: a card leads to a member's account from now on. */
export const linkCard = (run: Run, id: string, options: LinkOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'enrollment', method: 'POST', answer: linked },
      path: `${memberPath(options.program, id)}/cards`,
      headers: { 'idempotency-key': options.key ?? randomUUID() },
      body: JSON.stringify({ card: options.card }),
    });
    if (!answer.ok) throw failureOf('the card is not linked', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(value, null, 2)
        : `the card leads to account ${value.account} since ${value.from}`,
    );
    return exitCodes.ok;
  });

/** `tally card unlink`: a card leads to a member's account no more, from now on. */
export const unlinkCard = (run: Run, id: string, options: UnlinkOptions): Promise<ExitCode> => {
  const { program, card: number, token, key } = options;
  if ((number === undefined) === (token === undefined))
    throw new Failure(exitCodes.usage, 'name either --card or --token');
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'enrollment', method: 'POST', answer: unlinked },
      path: `${memberPath(program, id)}/cards/unlinkings`,
      headers: { 'idempotency-key': key ?? randomUUID() },
      body: JSON.stringify({ card: number, token }),
    });
    if (!answer.ok) throw failureOf('the card is not unlinked', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(value, null, 2)
        : `the card leads to account ${value.account} no more, from ${value.until} on`,
    );
    return exitCodes.ok;
  });
};

/** `tally card show`: whom a card leads to. */
export const showCard = (
  run: Run,
  options: ManagerOptions & { readonly card: string },
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, card: number } = options;
    const answer = await client.call({
      ...{ service: 'enrollment', method: 'POST', path: '/v1/cards/lookup', answer: owner },
      body: JSON.stringify({ program, card: number }),
    });
    if (!answer.ok) throw failureOf('the card cannot be looked up', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(value, null, 2)
        : `member ${value.member}, account ${value.successor ?? value.account}`,
    );
    return exitCodes.ok;
  });

const memberPath = (program: string, id: string): string =>
  `/v1/members/${encodeURIComponent(program)}/${encodeURIComponent(id)}`;

const memberTable = (shown: z.output<typeof member>): string[] => [
  `member ${shown.member}, since ${shown.since}`,
  `account ${shown.account}` +
    (typeof shown.successor === 'string' ? `, now part of ${shown.successor}` : ''),
  ...(shown.cards.length === 0
    ? ['no card']
    : [
        table(
          [['card', 'from'], ...shown.cards.map(({ token, from }) => [token, from])],
          ['left', 'left'],
        ),
      ]),
];
