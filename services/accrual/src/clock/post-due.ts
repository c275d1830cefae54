import { lapseRecording, recording, type Accounts, type Recording } from '@tallystick/accounts';
import type { EventMetadata } from '@tallystick/event-store';
import type { AccountId, Clock, Instant, ProgramId } from '@tallystick/kernel';
import {
  decideCertificateExpiries,
  decideCertificates,
  decideExpiry,
  decideLapses,
  expiryFact,
  nextDue,
  type Account,
  type ArrearsPolicy,
} from '@tallystick/ledger';
import { certificateReview, givesCertificates } from '@tallystick/receipts';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { rulebookAt, type Catalog, type Program } from '../programs/catalog.js';

/**
 * Posts what has lapsed on an account, holds, lots and certificates, moment by moment in the order in which it lapsed, until nothing is due.
 * What is posted hangs on the account and the moment alone: run again, it finds nothing; run late, it posts what it would have posted in
 * time. Then it gives, or corrects, the certificates of its periods that are over. Answers when something is due next; null: never, as the
 * account stands.
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
          if (due !== null && due <= at)
            return {
              kind: 'write',
              events: dueEvents(state, due, policy, { ...metadata, occurredAt: due }),
              answer: again(at, published),
            };
          const review = certificateReview(published?.versions ?? [], state, at);
          const certificates = decideCertificates(state, review.over, at);
          if (certificates.length > 0)
            return {
              kind: 'write',
              events: certificates.map((event) => certified(state, event, metadata)),
              answer: again(at, published),
            };
          const next = [due, review.next].filter((one) => one !== null).sort()[0] ?? null;
          return { kind: 'answer', answer: () => ({ next, over: true }) };
        },
      },
    );
    if (over) return next;
  }
};

/** Whether all is posted, right after something was: as long as there may be certificates, the account is looked at again. */
const again = (at: Instant, published: Program | null) => (after: Account) => {
  const next = nextDue(after);
  const certificates = givesCertificates(published?.versions ?? []);
  return () => ({ next, over: !certificates && (next === null || next > at) });
};

/** A certificate is named by its fact; what corrects it counts up. */
const certified = (
  account: Account,
  event: ReturnType<typeof decideCertificates>[number],
  metadata: EventMetadata,
): Recording => {
  const of = { ...metadata, occurredAt: event.data.occurredAt };
  if (event.type === 'CertificateIssued') return recording(event.data.fact, 0, event, of);
  const { certificate } = event.data;
  const ordinal = 1 + (account.certificates.get(certificate)?.corrections ?? 0);
  return recording(certificate, ordinal, event, of);
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
  if (decision.kind === 'expired') return [recording(fact, 0, decision.event, metadata)];
  const certificates = decideCertificateExpiries(account, due);
  if (certificates.length === 0)
    throw new Error(`nothing of the account has lapsed at ${due}, when it was due`);
  return certificates.map((event) => recording(event.data.certificate, 0, event, metadata));
};
