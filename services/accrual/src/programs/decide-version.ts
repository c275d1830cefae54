import { type SamePerson, hasSigned } from '@tallystick/accounts/signed';
import { canonicalJson } from '@tallystick/event-store';
import { instant, type Instant } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { cannotFollow, type CannotFollow } from './follows.js';
import type { ApprovedVersion, OpenVersion, VersionEvent, Versions } from './versions.js';

/** A document as it is kept. */
export interface Draft {
  readonly book: Rulebook;
  /** Canonical JSON. */
  readonly document: string;
  /** SHA-256 of it. */
  readonly hash: string;
}

/** Which version somebody means: its number, and the content that this person has seen. */
export interface Meant {
  readonly version: number;
  readonly hash: string;
}

export type Refused =
  /** The version is approved, with another content. */
  | { readonly kind: 'taken' }
  /** Versions count up from 1 without a gap, so that none can be hidden. */
  | { readonly kind: 'out-of-order'; readonly next: number }
  | { readonly kind: 'cannot-follow'; readonly faults: readonly CannotFollow[] }
  /** Another document waits for approval. */
  | { readonly kind: 'proposal-open' }
  | { readonly kind: 'version-unknown' }
  /** What is there is not what this person has seen. */
  | { readonly kind: 'changed'; readonly hash: string }
  | { readonly kind: 'not-proposed' }
  /** Who wrote or proposed it cannot approve it. */
  | SamePerson;

export type VersionDecision =
  | { readonly kind: 'event'; readonly event: VersionEvent }
  /** It stands like this already. */
  | { readonly kind: 'known' }
  | Refused;

/** Keeps a document as what the next version may be. An earlier draft gives way; what is proposed does not. */
export const decideDraft = (
  { approved, open }: Versions,
  { book, document, hash }: Draft,
  draftedBy: string,
  now: Instant,
): VersionDecision => {
  const { version } = book;
  const same = approved.find(({ ref }) => ref.version === version);
  if (same !== undefined) return same.ref.hash === hash ? { kind: 'known' } : { kind: 'taken' };
  const next = approved.length + 1;
  if (version !== next) return { kind: 'out-of-order', next };
  const faults = cannotFollow(book, approved, now);
  if (faults.length > 0) return { kind: 'cannot-follow', faults };
  if (open?.ref.hash === hash) return { kind: 'known' };
  if (open !== null && open.proposedBy !== null) return { kind: 'proposal-open' };
  const data = {
    ...{ program: book.program, version, hash, document, draftedBy },
    effectiveFrom: instant(book.effectiveFrom),
  };
  return { kind: 'event', event: { type: 'RulebookDrafted', data } };
};

/** Asks somebody else to approve the draft. */
export const decideProposal = (
  versions: Versions,
  { version, hash }: Meant,
  proposedBy: string,
  now: Instant,
): VersionDecision => {
  const found = openOrDone(versions, { version, hash }, now);
  if ('kind' in found) return found;
  if (found.proposedBy !== null) return { kind: 'known' };
  const data = { program: found.book.program, version, hash, proposedBy };
  return { kind: 'event', event: { type: 'RulebookProposed', data } };
};

/** Puts in force what another person wrote and proposed: exactly that content. */
export const decideApproval = (
  versions: Versions,
  { version, hash }: Meant,
  approvedBy: string,
  now: Instant,
): VersionDecision => {
  const found = openOrDone(versions, { version, hash }, now);
  if ('kind' in found) return found;
  const { book, draftedBy, proposedBy } = found;
  if (proposedBy === null) return { kind: 'not-proposed' };
  if (hasSigned([draftedBy, proposedBy], approvedBy)) return { kind: 'same-person' };
  const data = {
    ...{ program: book.program, version, hash, document: canonicalJson(book) },
    ...{ effectiveFrom: instant(book.effectiveFrom), draftedBy, proposedBy, approvedBy },
  };
  return { kind: 'event', event: { type: 'RulebookPublished', data } };
};

/** Makes what is proposed a draft again: who proposed it takes it back, or another one sends it back. */
export const decideWithdrawal = (
  { approved, open }: Versions,
  { version, hash }: Meant,
  withdrawnBy: string,
  reason: string,
): VersionDecision => {
  if (approved.some(({ ref }) => ref.version === version)) return { kind: 'taken' };
  if (open?.ref.version !== version) return { kind: 'version-unknown' };
  if (open.ref.hash !== hash) return { kind: 'changed', hash: open.ref.hash };
  if (open.proposedBy === null)
    return open.withdrawn === null ? { kind: 'not-proposed' } : { kind: 'known' };
  const data = { program: open.book.program, version, hash, withdrawnBy, reason };
  return { kind: 'event', event: { type: 'RulebookWithdrawn', data } };
};

const openOrDone = (
  { approved, open }: Versions,
  { version, hash }: Meant,
  now: Instant,
): OpenVersion | Extract<VersionDecision, { kind: 'known' } | Refused> => {
  const done: ApprovedVersion | undefined = approved.find(({ ref }) => ref.version === version);
  if (done !== undefined) return done.ref.hash === hash ? { kind: 'known' } : { kind: 'taken' };
  if (open?.ref.version !== version) return { kind: 'version-unknown' };
  if (open.ref.hash !== hash) return { kind: 'changed', hash: open.ref.hash };
  const faults = cannotFollow(open.book, approved, now);
  return faults.length > 0 ? { kind: 'cannot-follow', faults } : open;
};
