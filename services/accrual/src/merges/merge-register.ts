import { z } from 'zod';
import { newEvent, type EventMetadata, type EventStore } from '@tallystick/event-store';
import {
  accountId,
  factId,
  instant,
  programId,
  streamName,
  type AccountId,
  type FactId,
  type Instant,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/**
 * All merges of a programme that were approved, one stream: each is written at the revision at which it was found possible, so that there is one order of them,
 * and two accounts can never become part of each other.
 */
export const mergesStream = (program: ProgramId): StreamName => streamName('merge', program);

export const mergeFact = (program: ProgramId, merge: string): FactId =>
  factId('merge', program, merge);

export const mergeRequested = z.object({
  merge: z.string(),
  program: z.string().transform(programId),
  source: z.string().transform(accountId),
  target: z.string().transform(accountId),
  reason: z.string(),
  /** What is older is left behind: the beginning of the return window when it was asked for. */
  keepFrom: z.string().transform(instant),
  /** A token's subject, never a name. */
  requestedBy: z.string(),
  /** Absent: an older release, which let one person merge accounts. */
  approvedBy: z.string().optional(),
  /** SHA-256 of the request: the same key with another request is refused. */
  hash: z.string(),
});
export type MergeRequested = z.output<typeof mergeRequested>;
/** `at`: when it was registered. */
export type Registered = MergeRequested & { readonly at: Instant };

/** A programme's merges as of a revision of their stream; whether they have happened, the accounts say. */
export interface Merges {
  readonly revision: number;
  readonly byId: ReadonlyMap<string, Registered>;
  readonly bySource: ReadonlyMap<AccountId, MergeRequested>;
}

interface Kept {
  revision: number;
  readonly byId: Map<string, Registered>;
  readonly bySource: Map<AccountId, MergeRequested>;
}

/** Reads merges from their streams, and keeps what it has read: some 400 bytes each. */
export class MergeRegister {
  private readonly kept = new Map<ProgramId, Kept>();

  constructor(private readonly store: EventStore) {}

  /** A programme's merges as the store has them now. */
  async read(program: ProgramId): Promise<Merges> {
    const kept = this.kept.get(program) ?? { revision: -1, byId: new Map(), bySource: new Map() };
    this.kept.set(program, kept);
    const from = kept.revision + 1;
    for await (const recorded of this.store.readStream(mergesStream(program), { from })) {
      // Somebody else may be reading the same.
      if (recorded.revision <= kept.revision) continue;
      if (recorded.type !== 'MergeRequested')
        throw new Error(`this release does not understand ${recorded.type}: upgrade it`);
      const merge = mergeRequested.parse(JSON.parse(recorded.data));
      kept.byId.set(merge.merge, { ...merge, at: recorded.metadata.recordedAt });
      kept.bySource.set(merge.source, merge);
      kept.revision = recorded.revision;
    }
    return kept;
  }

  /** False where somebody else has written one since the revision: look again. */
  async write(merge: MergeRequested, revision: number, metadata: EventMetadata): Promise<boolean> {
    const fact = mergeFact(merge.program, merge.merge);
    const result = await this.store.append([
      {
        stream: mergesStream(merge.program),
        expected: revision < 0 ? 'noStream' : revision,
        events: [newEvent(fact, 0, { type: 'MergeRequested', data: merge }, metadata)],
      },
    ]);
    return result.kind !== 'conflict';
  }
}
