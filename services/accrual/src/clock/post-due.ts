import { lapseRecording, recording, type Accounts, type Recording } from '@tallystick/accounts';
import type { EventMetadata } from '@tallystick/event-store';
import type { AccountId, Clock, Instant, ProgramId } from '@tallystick/kernel';
import {
  decideExpiry,
  decideLapses,
  expiryFact,
  nextDue,
  type Account,
  type ArrearsPolicy,
} from '@tallystick/ledger';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { rulebookAt, type Catalog } from '../programs/catalog.js';

/**
 * Posts what has lapsed on an account, holds and lots, moment by moment in the order in which it lapsed, until nothing is due. What is
 * posted hangs on the account and the moment alone: run again, it finds nothing; run late, it posts what it would have posted in time.
 * Answers when something is due next; null: never, as the account stands.
 */
export const postDue = async (
  {
    accounts,
    catalog,
    clock,
  }: { readonly accounts: Accounts; readonly catalog: Catalog; readonly clock: Clock },
  program: ProgramId,
  account: AccountId,
  metadata: EventMetadata,
): Promise<Instant | null> => {
  const published = await catalog.read(program);
  const rulebook = published === null ? null : rulebookAt(published, clock());
  const policy = rulebook === null ? undefined : arrearsPolicyOf(rulebook.book);
  for (;;) {
    const { next, over } = await accounts.run<{ next: Instant | null; over: boolean }>(
      program,
      account,
      {
        asPosted: true,
        decide: (state, at) => {
          const due = nextDue(state);
          if (due === null || due > at)
            return { kind: 'answer', answer: () => ({ next: due, over: true }) };
          return {
            kind: 'write',
            events: dueEvents(state, due, policy, { ...metadata, occurredAt: due }),
            answer: (after) => {
              const then = nextDue(after);
              return () => ({ next: then, over: then === null || then > at });
            },
          };
        },
      },
    );
    if (over) return next;
  }
};

/** What is posted at a moment: holds whose time is over first, because their lots may have lapsed with them. */
const dueEvents = (
  account: Account,
  due: Instant,
  policy: ArrearsPolicy | undefined,
  metadata: EventMetadata,
): readonly Recording[] => {
  const lapses = decideLapses(account, due, policy);
  if (lapses.length > 0) return lapses.map((event) => lapseRecording(event, metadata));
  const fact = expiryFact(account, due, account.totals.expired);
  const decision = decideExpiry(account, { fact, through: due });
  if (decision.kind !== 'expired')
    throw new Error(`nothing of the account has lapsed at ${due}, when it was due`);
  return [recording(fact, 0, decision.event, metadata)];
};
