import type { RulebookPublished } from '@tallystick/contracts';
import {
  canonicalJson,
  newEvent,
  sha256,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import { factId, instant, programId, type Instant, type ProgramId } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { programStream, type Catalog, type PublishedRulebook } from './catalog.js';

export type Publication =
  | { readonly kind: 'published'; readonly rulebook: PublishedRulebook; readonly position: bigint }
  | { readonly kind: 'known'; readonly rulebook: PublishedRulebook; readonly position: bigint }
  /** This version was published with another content. */
  | { readonly kind: 'taken'; readonly hash: string }
  /** Versions count up from 1 without a gap, so that none can be hidden. */
  | { readonly kind: 'out-of-order'; readonly next: number };

/** Publishes a version of a programme, once. The version says itself from when it is in force. */
export const publishProgram = async (
  deps: { readonly store: EventStore; readonly catalog: Catalog },
  book: Rulebook,
  metadataOf: (program: ProgramId, occurredAt: Instant) => EventMetadata,
): Promise<Publication> => {
  const { store, catalog } = deps;
  const id = programId(book.program);
  const document = canonicalJson(book);
  const hash = sha256(document);
  for (;;) {
    const program = await catalog.read(id);
    const same = program?.versions.find(({ ref }) => ref.version === book.version);
    if (same !== undefined) {
      return same.ref.hash === hash
        ? { kind: 'known', rulebook: same, position: await store.head() }
        : { kind: 'taken', hash: same.ref.hash };
    }
    const next = (program?.versions.length ?? 0) + 1;
    if (book.version !== next) return { kind: 'out-of-order', next };
    const data: RulebookPublished = {
      program: book.program,
      version: book.version,
      hash,
      effectiveFrom: instant(book.effectiveFrom),
      document,
    };
    const metadata = metadataOf(id, instant(book.effectiveFrom));
    const fact = factId('rulebook', book.program, String(book.version));
    const event = newEvent(fact, 0, { type: 'RulebookPublished', data }, metadata);
    const result = await store.append([
      {
        stream: programStream(id),
        expected: program === null ? 'noStream' : program.revision,
        events: [event],
      },
    ]);
    // Somebody published meanwhile: look again at what is there now.
    if (result.kind === 'conflict') continue;
    return {
      kind: 'published',
      rulebook: { ref: { version: book.version, hash }, book },
      position: result.position,
    };
  }
};
