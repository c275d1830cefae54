import { rulebookPublished } from '@tallystick/contracts';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import {
  programId,
  streamName,
  WrittenByNewer,
  type Instant,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import type { RulebookRef } from '@tallystick/ledger';
import { decodeRulebook, inForceAt, type Rulebook } from '@tallystick/rulebook';

export const programStream = (program: ProgramId): StreamName => streamName('program', program);

/** A published version: what names it in a pin, and what it says. */
export interface PublishedRulebook {
  readonly ref: RulebookRef;
  readonly book: Rulebook;
}

/** A programme's approved versions. */
export interface Program {
  readonly id: ProgramId;
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
  if (event.schemaVersion > 1)
    throw new WrittenByNewer(`event ${event.type} of ${event.stream}`, event.schemaVersion);
  const data = rulebookPublished.parse(JSON.parse(event.data));
  return {
    ref: { version: data.version, hash: data.hash },
    book: decodeRulebook(data.document),
  };
};

/** Reads programmes from their streams, and keeps what it has read: a version never changes, so only newer events are read again. */
export class Catalog {
  private readonly kept = new Map<StreamName, { program: Program | null; revision: number }>();

  constructor(private readonly store: EventStore) {}

  /** The programme as the store has it now; null when no version of it is approved. */
  async read(id: ProgramId): Promise<Program | null> {
    const stream = programStream(id);
    for await (const event of this.store.readStream(stream, { from: this.since(stream) }))
      this.learn(stream, [event]);
    return this.known(id);
  }

  /** The programme as it was when it was read last; null when it was not there. */
  known(id: ProgramId): Program | null {
    return this.kept.get(programStream(id))?.program ?? null;
  }

  /** The first revision of a programme's stream that was not read. */
  since(stream: StreamName): number {
    return (this.kept.get(stream)?.revision ?? -1) + 1;
  }

  /** Takes what somebody read of a programme's stream: revisions that follow each other, of which some may be known. */
  learn(stream: StreamName, events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (event.revision < this.since(stream)) continue;
      const program = this.kept.get(stream)?.program ?? null;
      this.kept.set(stream, { program: withEvent(program, event), revision: event.revision });
    }
  }
}

/** What people draft and propose is nobody's rule yet. */
const withEvent = (program: Program | null, event: RecordedEvent): Program | null => {
  if (event.type !== 'RulebookPublished') return program;
  const published = decode(event);
  return {
    id: programId(published.book.program),
    versions: [...(program?.versions ?? []), published],
  };
};
