import { readLedger, recording, successorOf, type Accounts } from '@tallystick/accounts';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import { ledgerStream, type AccountId } from '@tallystick/kernel';
import {
  decideImport,
  type ArrearsPolicy,
  type BeyondLimit,
  type ImportDecision,
  type MergedAway,
} from '@tallystick/ledger';
import {
  balanceFact,
  begunBy,
  commandOf,
  readBalance,
  type OpeningBalanceRequested,
  type WhichAccount,
} from './opening-balance.js';

const importOrdinal = 1;

export interface ImportParts {
  readonly store: EventStore;
  readonly accounts: Accounts;
}

export type ImportAnswer =
  | {
      readonly kind: 'imported';
      readonly account: AccountId;
      /** Whether it was there before. */
      readonly known: boolean;
      readonly position: bigint;
    }
  | { readonly kind: 'unopened' }
  | Extract<ImportDecision, BeyondLimit>
  | MergedAway
  /** The system's reference was used for another balance. */
  | { readonly kind: 'reference-taken' };

type Written =
  | { readonly kind: 'imported' | 'known'; readonly position: bigint }
  | { readonly kind: 'unopened' | 'conflict' | 'taken' }
  | Extract<ImportDecision, BeyondLimit>
  | MergedAway;

/**
 * Takes over one balance, once for its system and reference. Its own stream and the account's are written together, its own first: what a
 * crash left between the two is finished by who sends it again, on the account that was pinned.
 */
export const importBalance = async (
  parts: ImportParts,
  which: WhichAccount,
  content: Omit<OpeningBalanceRequested, 'account'>,
  metadata: EventMetadata,
  policy: ArrearsPolicy | undefined,
): Promise<ImportAnswer> => {
  const { program } = content;
  const write = (balance: OpeningBalanceRequested, on: AccountId, begins: boolean) =>
    parts.accounts.run<Written>(program, on, {
      ...(begins
        ? { begins: begunBy(balance, metadata), taken: (): Written => ({ kind: 'taken' }) }
        : {}),
      decide: (state, at) => {
        const decision = decideImport(state, commandOf(balance, at, policy), at);
        if (decision.kind === 'imported') {
          const envelope = { ...metadata, occurredAt: at, recordedAt: at };
          const fact = balanceFact(balance);
          return {
            kind: 'write',
            events: [recording(fact, importOrdinal, decision.event, envelope)],
            answer: () => (position) => ({ kind: 'imported', position }),
          };
        }
        const { kind } = decision;
        if (kind === 'known') return { kind: 'answer', answer: (position) => ({ kind, position }) };
        return { kind: 'answer', answer: () => decision };
      },
    });

  let account =
    which.kind === 'card'
      ? await successorOf(parts, program, which.account, policy)
      : which.account;
  let begins = true;
  for (;;) {
    const balance = { ...content, account };
    const written = await write(balance, account, begins);
    switch (written.kind) {
      case 'imported':
      case 'known':
        return {
          ...{ kind: 'imported', account, known: written.kind === 'known' },
          position: written.position,
        };
      case 'conflict':
        return { kind: 'reference-taken' };
      case 'unopened':
        return { kind: 'unopened' };
      case 'beyond-limit':
        return written;
      case 'merged':
      case 'taken': {
        const pinned = await readBalance(parts.store, content);
        if (pinned === null) {
          if (written.kind === 'merged' && which.kind === 'account') return written;
          account = await successorOf(parts, program, account, policy);
          continue;
        }
        if (pinned.hash !== content.hash) return { kind: 'reference-taken' };
        account = await successorOf(parts, program, pinned.account, policy);
        if (await isWritten(parts.store, pinned, account))
          return { kind: 'imported', account, known: true, position: await parts.store.head() };
        begins = false;
      }
    }
  }
};

/** Whether a balance that was begun has reached its account, which may have forgotten it: its stream has not. */
const isWritten = async (
  store: EventStore,
  pinned: OpeningBalanceRequested,
  successor: AccountId,
): Promise<boolean> => {
  // Both streams were written by one append: the one is not there without the other.
  if (store.capabilities.atomicAcrossStreams) return true;
  const fact = balanceFact(pinned);
  for (const account of new Set([pinned.account, successor])) {
    for await (const { event } of readLedger(store, ledgerStream(pinned.program, account))) {
      if (event.type === 'OpeningBalanceImported' && event.data.fact === fact) return true;
    }
  }
  return false;
};
