import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { ledgerStream, type AccountId, type ProgramId } from '@tallystick/kernel';
import { decideMergeIn, type ArrearsPolicy, type MergeOut } from '@tallystick/ledger';
import type { Accounts } from './accounts.js';
import { recording } from './command.js';
import { readLedger } from './read-account.js';

interface Parts {
  readonly store: EventStore;
  readonly accounts: Accounts;
}

/** The first half of a merge, as the source's stream has it. */
export interface Left {
  readonly recorded: RecordedEvent;
  readonly data: MergeOut;
}

/** Events of a merge, told apart: 0 is what asked for it, in a stream of its own; 1 is on the source; 2 on the target. */
export const mergeInOrdinal = 2;

/**
 * The account that answers for this one now: itself, or the last of those that it became part of. That one has, when this
 * returns, all that each of them had: what a crash left between the two halves of a merge is finished here.
 */
export const successorOf = async (
  parts: Parts,
  program: ProgramId,
  account: AccountId,
  policy?: ArrearsPolicy,
): Promise<AccountId> => {
  const into = await parts.accounts.look(program, account, ({ merged }) => merged?.into ?? null);
  if (into === null) return account;
  for (;;) {
    const successor = await successorOf(parts, program, into, policy);
    if (await takesOver(parts, program, account, successor, policy)) return successor;
  }
};

/** The event with which an account left; null while it has not. */
export const leftOf = async (
  store: EventStore,
  program: ProgramId,
  account: AccountId,
): Promise<Left | null> => {
  for await (const { event, recorded } of readLedger(store, ledgerStream(program, account))) {
    if (event.type === 'AccountsMerged' && event.data.side === 'source')
      return { recorded, data: event.data };
  }
  return null;
};

/** False where the successor has itself become part of another account meanwhile. */
const takesOver = async (
  { store, accounts }: Parts,
  program: ProgramId,
  account: AccountId,
  successor: AccountId,
  policy: ArrearsPolicy | undefined,
): Promise<boolean> => {
  if (await accounts.look(program, successor, ({ absorbed }) => absorbed.has(account))) return true;
  const left = await leftOf(store, program, account);
  if (left === null)
    throw new Error(`account ${account} was merged, and its stream does not say so`);
  const { recorded, data } = left;
  return accounts.run(program, successor, {
    decide: (state, at) => {
      if (state.absorbed.has(account)) return { kind: 'answer', answer: () => true };
      const decision = decideMergeIn(state, data, at, policy);
      switch (decision.kind) {
        case 'absorbed': {
          const { metadata, id } = recorded;
          const caused = { ...metadata, occurredAt: at, recordedAt: at, causationId: id };
          return {
            kind: 'write',
            events: [recording(data.fact, mergeInOrdinal, decision.event, caused)],
            answer: () => () => true,
          };
        }
        case 'merged':
          return { kind: 'answer', answer: () => false };
        default:
          throw new Error(`account ${successor} cannot take over ${account}: ${decision.kind}`);
      }
    },
  });
};
