import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';
import {
  accountId,
  programId,
  type AccountId,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import {
  hasRole,
  mayAccount,
  mayProgram,
  problem,
  type Caller,
  type CardTokens,
} from '@tallystick/service-host';
import type { Heard } from './heard.js';

const name = z.string().min(1).max(100).regex(printable, printableRule);

/** An account, named by itself or by a card that leads to it. */
export const whichAccount = {
  program: name,
  account: name.optional(),
  card: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(printable, printableRule)
    .optional()
    .describe('The card number, instead of account'),
};

export const accountUnknown = (detail: string) =>
  problem({ status: 404, type: 'account-unknown', title: 'There is no such account', detail });

/** The account is part of another one by now: what is asked of it is to be asked there. */
export const accountMerged = (into: AccountId) =>
  problem({
    status: 409,
    type: 'account-merged',
    title: 'The account became part of another one',
    detail: `Its points are on account ${into}: send the request for that one, with a new Idempotency-Key.`,
    extensions: { successor: into },
  });

/** Finds the account that a request names, if the caller may touch it. Throws problems 400, 403 and 404. */
export const findAccount = async (
  deps: { readonly heard: Heard; readonly tokens: CardTokens },
  named: {
    readonly program: string;
    readonly account?: string | undefined;
    readonly card?: string | undefined;
  },
  caller: Caller,
  at: Instant,
): Promise<{ readonly program: ProgramId; readonly account: AccountId }> => {
  mayProgram(caller, named.program);
  const program = programId(named.program);
  if ((named.account === undefined) === (named.card === undefined)) {
    throw problem({
      status: 400,
      type: 'invalid',
      title: 'The request is not as the schema says',
      errors: [{ field: 'account', message: 'give either account or card' }],
    });
  }
  if (named.account !== undefined) {
    mayAccount(caller, named.account, 'store', 'manager');
    return { program, account: accountId(named.account) };
  }
  const owner = await deps.heard.ownerOf(
    program,
    deps.tokens.tokenOf(program, named.card ?? ''),
    at,
  );
  if (owner === null || (!hasRole(caller, 'store', 'manager') && caller.account !== owner))
    throw accountUnknown('The card leads to no account of this programme.');
  return { program, account: owner };
};
