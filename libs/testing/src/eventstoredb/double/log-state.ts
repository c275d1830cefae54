import { firstPosition, recordBytes } from './behaviour.js';

/** An event as it was proposed. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event in the log. */
export interface Logged extends Proposed {
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
}

/** -1: the stream must not be there. */
export type Expected = number;

export type Decision =
  | { readonly kind: 'write' }
  | { readonly kind: 'idempotent'; readonly last: Logged }
  | { readonly kind: 'wrong'; readonly current: number };

/** All events, in memory. */
export class LogState {
  readonly events: Logged[] = [];
  private readonly streams = new Map<string, Logged[]>();
  private end = firstPosition;

  stream(name: string): readonly Logged[] | undefined {
    return this.streams.get(name);
  }

  /** By the ids alone, as `IndexWriter.CheckCommit` does. */
  decide(name: string, expected: Expected, proposed: readonly Proposed[]): Decision {
    const there = this.streams.get(name) ?? [];
    const current = there.length - 1;
    if (expected === current) return { kind: 'write' };
    if (expected > current) return { kind: 'wrong', current };
    const same = proposed.every(({ id }, index) => there[expected + 1 + index]?.id === id);
    const last = there[expected + proposed.length];
    return same && last !== undefined ? { kind: 'idempotent', last } : { kind: 'wrong', current };
  }

  /** Puts events at the end of a stream, and of the log. */
  add(name: string, proposed: readonly Proposed[]): readonly Logged[] {
    const there = this.streams.get(name) ?? [];
    this.streams.set(name, there);
    return proposed.map((event) => {
      const logged = { ...event, stream: name, revision: there.length, position: this.end };
      const bytes = event.data.length + event.metadata.length + name.length + event.type.length;
      this.end += BigInt(recordBytes + bytes);
      there.push(logged);
      this.events.push(logged);
      return logged;
    });
  }

  /** The index of the event at a position; undefined when none is there. */
  indexAt(position: bigint): number | undefined {
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.position ?? 0n) < position) low = middle + 1;
      else high = middle;
    }
    return this.events[low]?.position === position ? low : undefined;
  }
}
