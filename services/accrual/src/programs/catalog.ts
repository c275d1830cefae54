import { rulebookPublished } from '@tallystick/contracts';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { streamName, type Instant, type ProgramId, type StreamName } from '@tallystick/kernel';
import type { RulebookRef } from '@tallystick/ledger';
import { decodeRulebook, inForceAt, type Rulebook } from '@tallystick/rulebook';

export const programStream = (program: ProgramId): StreamName => streamName('program', program);

/** A published version: what names it in a pin, and what it says. */
export interface PublishedRulebook {
  readonly ref: RulebookRef;
  readonly book: Rulebook;
}

/** A programme's versions as of a revision of its stream. */
export interface Program {
  readonly id: ProgramId;
  readonly revision: number;
  readonly versions: readonly PublishedRulebook[];
}

/** The version in force at a moment; null before the first. */
export const rulebookAt = (program: Program, at: Instant): PublishedRulebook | null => {
  const found = inForceAt(
    program.versions.map(({ book }) => book),
    at,
  );
  return program.versions.find(({ book }) => book === found) ?? null;
};

/** The version that a fact is pinned to. Throws when it is not there: a pin never names an unpublished one. */
export const rulebookOf = (program: Program, ref: RulebookRef): PublishedRulebook => {
  const found = program.versions.find((version) => version.ref.hash === ref.hash);
  if (found === undefined)
    throw new Error(`program ${program.id} has no rulebook ${ref.version} with hash ${ref.hash}`);
  return found;
};

const decode = (event: RecordedEvent): PublishedRulebook => {
  const data = rulebookPublished.parse(JSON.parse(event.data));
  return {
    ref: { version: data.version, hash: data.hash },
    book: decodeRulebook(data.document),
  };
};

/** Reads programmes from their streams, and keeps what it has read: a version never changes, so only newer events are read again. */
export class Catalog {
  private readonly known = new Map<ProgramId, Program>();

  constructor(private readonly store: EventStore) {}

  /** The programme as the store has it now; null when it was never published. */
  async read(id: ProgramId): Promise<Program | null> {
    let program = this.known.get(id) ?? { id, revision: -1, versions: [] };
    for await (const event of this.store.readStream(programStream(id), {
      from: program.revision + 1,
    })) {
      program = {
        id,
        revision: event.revision,
        versions: [...program.versions, decode(event)],
      };
    }
    if (program.revision < 0) return null;
    const newest = this.known.get(id);
    if (newest === undefined || newest.revision < program.revision) this.known.set(id, program);
    return program;
  }
}
