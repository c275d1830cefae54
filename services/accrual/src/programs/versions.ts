import { type EventOf, decoderOf } from '@tallystick/accounts/signed';
import {
  rulebookDrafted,
  rulebookProposed,
  rulebookPublished,
  rulebookWithdrawn,
  type RulebookPublished,
} from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import type { Instant, ProgramId } from '@tallystick/kernel';
import { decodeRulebook, type Rulebook } from '@tallystick/rulebook';
import { programStream, type PublishedRulebook } from './catalog.js';

/** How a version came to be, and who did it: tokens' subjects. */
export interface ApprovedVersion extends PublishedRulebook {
  readonly approvedAt: Instant;
  /** null, as the two below: an older release published it, and kept no names. */
  readonly draftedBy: string | null;
  readonly proposedBy: string | null;
  readonly approvedBy: string | null;
}

/** What the next version may be. There is one at most: two people see the same. */
export interface OpenVersion extends PublishedRulebook {
  readonly draftedBy: string;
  /** null: it is a draft. */
  readonly proposedBy: string | null;
  /** Who took it back last, and why. */
  readonly withdrawn: { readonly by: string; readonly reason: string } | null;
}

/** A programme's stream as it was read. */
export interface Versions {
  readonly approved: readonly ApprovedVersion[];
  readonly open: OpenVersion | null;
  /** -1: there is no such programme. */
  readonly revision: number;
}

const events = {
  RulebookDrafted: rulebookDrafted,
  RulebookProposed: rulebookProposed,
  RulebookWithdrawn: rulebookWithdrawn,
  RulebookPublished: rulebookPublished,
};
export type VersionEvent = EventOf<typeof events>;

export const noVersions: Versions = { approved: [], open: null, revision: -1 };

/** Folds an event of a programme's stream. Throws on a type that this release does not know. */
export const evolveVersions = (
  { approved, open }: Versions,
  event: VersionEvent,
  { revision, at }: { readonly revision: number; readonly at: Instant },
): Versions => {
  switch (event.type) {
    case 'RulebookDrafted': {
      const { draftedBy } = event.data;
      const draft = { ...contentOf(event.data), draftedBy, proposedBy: null, withdrawn: null };
      return { approved, open: draft, revision };
    }
    case 'RulebookProposed': {
      const { proposedBy } = event.data;
      return { approved, open: open === null ? null : { ...open, proposedBy }, revision };
    }
    case 'RulebookWithdrawn': {
      const { withdrawnBy: by, reason } = event.data;
      const draft = open === null ? null : { ...open, proposedBy: null, withdrawn: { by, reason } };
      return { approved, open: draft, revision };
    }
    case 'RulebookPublished': {
      const { draftedBy = null, proposedBy = null, approvedBy = null } = event.data;
      const signed = { draftedBy, proposedBy, approvedBy, approvedAt: at };
      const version = { ...contentOf(event.data), ...signed };
      return { approved: [...approved, version], open: null, revision };
    }
  }
};

/** Everything that people said of a programme's versions. */
export const readVersions = async (store: EventStore, program: ProgramId): Promise<Versions> => {
  let versions = noVersions;
  for await (const recorded of store.readStream(programStream(program))) {
    const { revision, metadata } = recorded;
    versions = evolveVersions(versions, decode(recorded), { revision, at: metadata.recordedAt });
  }
  return versions;
};

const contentOf = ({
  version,
  hash,
  document,
}: Pick<RulebookPublished, 'version' | 'hash' | 'document'>): {
  readonly ref: PublishedRulebook['ref'];
  readonly book: Rulebook;
} => ({ ref: { version, hash }, book: decodeRulebook(document) });

const decode = decoderOf(events);
