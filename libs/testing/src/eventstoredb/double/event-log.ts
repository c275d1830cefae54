import { randomUUID } from 'node:crypto';
import { ownEventEvery } from './behaviour.js';
import { LogFile, type Entry } from './log-file.js';
import { LogState, type Expected, type Logged, type Proposed } from './log-state.js';

export type AppendOutcome =
  | { readonly kind: 'success'; readonly last: Logged; readonly written: boolean }
  | { readonly kind: 'wrong'; readonly current: number };

interface Waiting {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly Proposed[];
  readonly answer: (outcome: AppendOutcome) => void;
  readonly fail: (error: unknown) => void;
}

/** The double's log: decides appends one after another, and tells and shows them when they are durable. */
export class EventLog {
  private readonly waiting: Waiting[] = [];
  private readonly watchers = new Set<() => void>();
  private working: Promise<void> | undefined;
  private shown = 0;
  private sinceOwn = 0;
  private readonly state: LogState;
  private readonly file: LogFile | undefined;

  private constructor(state: LogState, file: LogFile | undefined) {
    this.state = state;
    this.file = file;
  }

  /** Without a folder, it is gone when the double ends. */
  static async open(folder: string | undefined): Promise<EventLog> {
    const state = new LogState();
    const kept = folder === undefined ? undefined : await LogFile.open(folder);
    for (const { stream, events } of kept?.entries ?? []) state.add(stream, events);
    const started = { stream: '$stats-double', events: [ownEvent()] };
    state.add(started.stream, started.events);
    await kept?.file.write([started]);
    const log = new EventLog(state, kept?.file);
    log.show();
    return log;
  }

  /** How many events may be read: those that are durable. */
  get length(): number {
    return this.shown;
  }

  at(index: number): Logged | undefined {
    return index < this.shown ? this.state.events[index] : undefined;
  }

  indexAt(position: bigint): number | undefined {
    const index = this.state.indexAt(position);
    return index !== undefined && index < this.shown ? index : undefined;
  }

  stream(name: string): readonly Logged[] | undefined {
    const limit = this.state.events[this.shown - 1]?.position ?? -1n;
    const there = this.state.stream(name);
    if (there === undefined || (there.at(-1)?.position ?? 0n) <= limit) return there;
    const shown = there.filter(({ position }) => position <= limit);
    return shown.length === 0 ? undefined : shown;
  }

  append(stream: string, expected: Expected, events: readonly Proposed[]): Promise<AppendOutcome> {
    const answered = new Promise<AppendOutcome>((answer, fail) => {
      this.waiting.push({ stream, expected, events, answer, fail });
    });
    this.working ??= this.work();
    return answered;
  }

  /** Calls back after something was appended, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  async close(): Promise<void> {
    await this.working;
    await this.file?.close();
  }

  /** Whatever waits is decided in order and shares one write to the disk. */
  private async work(): Promise<void> {
    // Those who call in the same moment share the first one too.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0);
      const entries: Entry[] = [];
      const outcomes = batch.map(({ stream, expected, events }) =>
        this.decide(stream, expected, events, entries),
      );
      try {
        if (entries.length > 0) await this.file?.write(entries);
        this.show();
        batch.forEach(({ answer }, index) => {
          const outcome = outcomes[index];
          if (outcome !== undefined) answer(outcome);
        });
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    this.working = undefined;
  }

  private decide(
    stream: string,
    expected: Expected,
    events: readonly Proposed[],
    entries: Entry[],
  ): AppendOutcome {
    const decision = this.state.decide(stream, expected, events);
    if (decision.kind === 'wrong') return decision;
    if (decision.kind === 'idempotent')
      return { kind: 'success', last: decision.last, written: false };
    const last = this.state.add(stream, events).at(-1);
    if (last === undefined) throw new Error('an append without events');
    entries.push({ stream, events });
    this.sinceOwn += events.length;
    if (this.sinceOwn >= ownEventEvery) {
      this.sinceOwn = 0;
      const own = [ownEvent()];
      this.state.add('$stats-double', own);
      entries.push({ stream: '$stats-double', events: own });
    }
    return { kind: 'success', last, written: true };
  }

  private show(): void {
    this.shown = this.state.events.length;
    for (const watcher of [...this.watchers]) watcher();
  }
}

const ownEvent = (): Proposed => ({
  id: randomUUID(),
  type: '$statsCollected',
  contentType: 'application/json',
  data: Buffer.from('{"of":"a double of EventStoreDB"}'),
  metadata: new Uint8Array(),
});
