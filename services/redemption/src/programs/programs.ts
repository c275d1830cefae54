import { rulebookPublished } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import { streamName, type Instant, type ProgramId } from '@tallystick/kernel';
import type { ArrearsPolicy } from '@tallystick/ledger';
import { arrearsPolicyOf, decodeRulebook, inForceAt, type Rulebook } from '@tallystick/rulebook';

/** What was read of a programme's stream. A version never changes, so only what came after is read again. */
interface Known {
  readonly versions: readonly Rulebook[];
  /** The first that was not read. */
  readonly revision: number;
}

interface Reading {
  /** Whether it may be too late for who comes now: the store was asked already. */
  begun: boolean;
  versions: Promise<readonly Rulebook[]>;
}

const unknown: Known = { versions: [], revision: 0 };

/**
 * The approved versions of programmes, from the programmes' own streams: as accrual has them at the same moment, also right after a start,
 * and with nothing to wait for. Those who ask while the store is being asked share the next answer.
 */
export class Programs {
  private readonly known = new Map<ProgramId, Known>();
  private readonly readings = new Map<ProgramId, Reading>();

  constructor(private readonly store: Pick<EventStore, 'readStreams'>) {}

  /** The version in force at a moment, of those that the store has by now; null before the first. */
  async inForce(program: ProgramId, at: Instant): Promise<Rulebook | null> {
    return inForceAt(await this.versions(program), at);
  }

  /** How what an account owes is settled at a moment; undefined before the first version. */
  async arrearsPolicy(program: ProgramId, at: Instant): Promise<ArrearsPolicy | undefined> {
    const book = await this.inForce(program, at);
    return book === null ? undefined : arrearsPolicyOf(book);
  }

  /** Those that the store has by now, also those that are not in force yet. */
  versions(program: ProgramId): Promise<readonly Rulebook[]> {
    const last = this.readings.get(program);
    if (last?.begun === false) return last.versions;
    const reading: Reading = { begun: false, versions: Promise.resolve([]) };
    reading.versions = this.read(program, reading, last);
    this.readings.set(program, reading);
    return reading.versions;
  }

  private async read(
    program: ProgramId,
    reading: Reading,
    last: Reading | undefined,
  ): Promise<readonly Rulebook[]> {
    // Callers that were answered together come back in this turn of the event loop: let them in.
    if (last === undefined) await new Promise((resolve) => setImmediate(resolve));
    else await last.versions.catch(() => undefined);
    reading.begun = true;
    try {
      return await this.readOn(program);
    } finally {
      if (this.readings.get(program) === reading) this.readings.delete(program);
    }
  }

  private async readOn(program: ProgramId): Promise<readonly Rulebook[]> {
    const { versions, revision } = this.known.get(program) ?? unknown;
    const stream = streamName('program', program);
    const from = new Map([[stream, revision]]);
    const events = (await this.store.readStreams([stream], { from })).get(stream) ?? [];
    const last = events.at(-1);
    if (last === undefined) return versions;
    // What people draft and propose is nobody's rule yet.
    const published = events
      .filter(({ type }) => type === 'RulebookPublished')
      .map(({ data }) => decodeRulebook(rulebookPublished.parse(JSON.parse(data)).document));
    const known = { versions: [...versions, ...published], revision: last.revision + 1 };
    this.known.set(program, known);
    return known.versions;
  }
}
