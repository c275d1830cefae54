import { NoAnswer } from './unavailable.js';

/** What is needed of a stream of the client, whose own types are narrower than Node's. */
export interface Pulled {
  read(): unknown;
  on(event: 'readable' | 'end', told: () => void): unknown;
  on(event: 'error', told: (error: Error) => void): unknown;
  off(event: 'readable', told: () => void): unknown;
  resume(): unknown;
}

export interface TakeOptions {
  /** At most so many. */
  readonly max: number;
  /** How long, in ms, nothing may come before `NoAnswer`; for ever without it. */
  readonly withinMs?: number;
  /** Ends the wait with nothing. */
  readonly signal?: AbortSignal;
}

/**
 * What comes over a stream of the client, taken in batches: as much as is there. The stream is read no faster than it is
 * taken. Listens for errors to the end of the stream's life: the client emits them even after nobody waits any more.
 */
export class Inbox<T> {
  private failure: Error | undefined;
  private ended = false;
  private finished = false;
  private wake: (() => void) | undefined;
  private readonly readable = (): void => this.wake?.();
  private readonly stream: Pulled;
  private readonly cancel: () => Promise<void>;
  private readonly isWanted: (item: unknown) => item is T;

  /** `cancel` tells the server that nothing more is wanted. */
  constructor(stream: Pulled, cancel: () => Promise<void>, isWanted: (item: unknown) => item is T) {
    this.stream = stream;
    this.cancel = cancel;
    this.isWanted = isWanted;
    stream.on('readable', this.readable);
    stream.on('end', () => {
      this.ended = true;
      this.wake?.();
    });
    stream.on('error', (error) => {
      this.failure ??= error;
      this.wake?.();
    });
  }

  /** What has come, in order; empty when the stream has ended, or `finish` was called and all is taken. Throws what the stream failed with. */
  async take({ max, withinMs, signal }: TakeOptions): Promise<readonly T[]> {
    for (;;) {
      const items = this.taken(max);
      if (items.length > 0) return items;
      if (this.failure !== undefined) throw this.failure;
      if (this.ended || this.finished || signal?.aborted === true) return [];
      await this.news(withinMs, signal);
    }
  }

  /** Nothing is to be waited for any more: what is there already is the rest. */
  finish(): void {
    this.finished = true;
    this.wake?.();
  }

  /**
   * Nothing more is wanted. What is on its way is let through to nobody: a destroyed stream would hold up the call
   * behind it, which the client keeps until it has ended, and for which its `dispose` would wait for ever.
   */
  async close(): Promise<void> {
    await this.cancel().catch(() => undefined);
    this.stream.off('readable', this.readable);
    this.stream.resume();
  }

  private taken(max: number): readonly T[] {
    const items: T[] = [];
    while (items.length < max) {
      const item: unknown = this.stream.read();
      if (item === null) break;
      if (!this.isWanted(item)) throw new Error('the client gave something else than events');
      items.push(item);
    }
    return items;
  }

  private async news(withinMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.wake = undefined;
      };
      const done = (): void => {
        stop();
        resolve();
      };
      const timer =
        withinMs === undefined
          ? undefined
          : setTimeout(() => {
              stop();
              reject(new NoAnswer(withinMs));
            }, withinMs);
      signal?.addEventListener('abort', done);
      this.wake = done;
    });
  }
}
