import { step } from '@tallystick/accounts/signed';
import { newEvent, type EventMetadata, type EventStore } from '@tallystick/event-store';
import { factId, instant, type Instant, type ProgramId } from '@tallystick/kernel';
import { programStream } from './catalog.js';
import type { Refused, VersionDecision } from './decide-version.js';
import { evolveVersions, readVersions, type VersionEvent, type Versions } from './versions.js';

export type VersionAnswer =
  | {
      readonly kind: 'done';
      /** Whether this call did it. */
      readonly fresh: boolean;
      readonly versions: Versions;
      readonly position: bigint;
    }
  | Refused;

/** One step of a version, decided on what all steps before it say. */
export const changeVersion = (
  store: EventStore,
  program: ProgramId,
  decide: (versions: Versions) => VersionDecision,
  metadataOf: (occurredAt: Instant) => EventMetadata,
  now: Instant,
): Promise<VersionAnswer> =>
  step<Versions, VersionEvent, VersionAnswer>({
    read: () => readVersions(store, program),
    decide: async (versions) => {
      const decision = decide(versions);
      if (decision.kind === 'event') return decision.event;
      if (decision.kind !== 'known') return decision;
      return { kind: 'done', fresh: false, versions, position: await store.head() };
    },
    say: async (versions, event) => {
      const revision = versions.revision + 1;
      const ordinal = event.type === 'RulebookPublished' ? 0 : revision;
      const fact = factId('rulebook', program, String(event.data.version));
      const result = await store.append([
        {
          stream: programStream(program),
          expected: versions.revision < 0 ? 'noStream' : versions.revision,
          events: [newEvent(fact, ordinal, event, metadataOf(happens(event, now)))],
        },
      ]);
      if (result.kind === 'conflict') return null;
      return {
        ...{ kind: 'done', fresh: true, position: result.position },
        versions: evolveVersions(versions, event, { revision, at: now }),
      };
    },
  });

/** A version's own moment is when it begins; what people say of it, they say now. */
const happens = (event: VersionEvent, now: Instant): Instant =>
  event.type === 'RulebookPublished' ? instant(event.data.effectiveFrom) : now;
