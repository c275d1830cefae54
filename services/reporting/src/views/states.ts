import type { StreamName } from '@tallystick/kernel';

interface Held<State> {
  readonly revision: number;
  readonly weight: number;
  readonly state: State;
}

/**
 * Folded states of the streams that were used last, in bounded memory. What is not here is folded again from the store:
 * it only saves time.
 */
export class States<State> {
  private readonly held = new Map<StreamName, Held<State>>();
  private readonly weigh: (state: State) => number;
  private readonly weightMax: number;
  private weight = 0;

  constructor(weigh: (state: State) => number, weightMax: number) {
    this.weigh = weigh;
    this.weightMax = weightMax;
  }

  /** Takes out the state of a stream at exactly this revision: whoever takes it changes it, and puts it back if that held. */
  take(stream: StreamName, revision: number): State | undefined {
    const held = this.held.get(stream);
    if (held === undefined) return undefined;
    this.held.delete(stream);
    this.weight -= held.weight;
    return held.revision === revision ? held.state : undefined;
  }

  put(stream: StreamName, revision: number, state: State): void {
    this.take(stream, revision);
    const weight = this.weigh(state);
    this.held.set(stream, { revision, weight, state });
    this.weight += weight;
    // A Map keeps the order of insertion: the first is the one that was used the longest ago.
    for (const oldest of this.held.keys()) {
      // The last one stays however large it is: whoever uses it next would have to fold all of it again.
      if (this.weight <= this.weightMax || this.held.size === 1) break;
      this.take(oldest, revision);
    }
  }
}
