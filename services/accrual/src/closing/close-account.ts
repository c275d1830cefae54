import { recording, type Accounts } from '@tallystick/accounts';
import { contentHash, type EventMetadata } from '@tallystick/event-store';
import type { AccountId } from '@tallystick/kernel';
import { decideClose } from '@tallystick/ledger';
import { closingFact, type ClosingRequested } from './closing.js';

const closeOrdinal = 1;

/** Closes a period of one account. `skipped`: there is nothing to close any more. */
export const closeAccount = (
  accounts: Accounts,
  account: AccountId,
  period: Pick<ClosingRequested, 'program' | 'through' | 'until' | 'keepFrom'>,
  metadata: EventMetadata,
): Promise<'closed' | 'skipped'> => {
  const { program, through, until, keepFrom } = period;
  const fact = closingFact(program, through);
  const factHash = contentHash({ program, through, until, keepFrom });
  return accounts.run<'closed' | 'skipped'>(program, account, {
    decide: (state, at) => {
      const decision = decideClose(state, { fact, factHash, through: until, keepFrom }, at);
      switch (decision.kind) {
        case 'closed': {
          const envelope = { ...metadata, occurredAt: at, recordedAt: at };
          const events = [recording(fact, closeOrdinal, decision.event, envelope)];
          return { kind: 'write', events, answer: () => () => 'closed' };
        }
        case 'known':
          return { kind: 'answer', answer: () => 'closed' };
        case 'conflict':
          throw new Error(`${fact} was closed with another return window`);
        case 'already-closed':
        case 'merged':
        case 'unopened':
          return { kind: 'answer', answer: () => 'skipped' };
      }
    },
  });
};
