import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { isAway } from './bus/relayed.js';
import { ServiceAway } from './calling/service-away.js';
import type { Log } from './log.js';
import { periodically, type Periodic } from './periodic.js';

export interface WorkRhythm {
  /** What the log calls it: a noun. */
  readonly name: string;
  /** From the end of one turn to the beginning of the next, and before the first; 0: never. */
  readonly everyMs: number;
}

/**
 * A part of a service that works in the background: turn by turn from when the service has started until it stops, never
 * two at once. A turn that fails is logged, and the next one comes all the same (`periodically`). A stop waits for the turn under way.
 */
export abstract class BackgroundWork implements OnApplicationBootstrap, OnApplicationShutdown {
  private running: Periodic | undefined;
  /** No further turn begins; a long one may end early. */
  protected stopping = false;

  constructor(
    private readonly rhythm: WorkRhythm,
    protected readonly log: Log,
  ) {}

  /** One turn; what it resolves to is not looked at. */
  protected abstract turn(): Promise<unknown>;

  onApplicationBootstrap(): void {
    const { log, rhythm } = this;
    if (rhythm.everyMs === 0) return;
    this.running = periodically({ ...rhythm, work: () => this.turn(), log });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.running?.stop();
  }

  /**
   * Does one piece of a turn after another. A piece that fails is logged with its fields and `failure`, a whole sentence, and does not stand
   * in the way of those behind it; when the store is away, none is tried. Another service may be needed by one piece alone.
   */
  protected async eachByItself<Piece extends object>(
    pieces: readonly Piece[],
    work: (piece: Piece) => Promise<void>,
    failure: string,
  ): Promise<void> {
    for (const piece of pieces) {
      if (this.stopping) return;
      try {
        await work(piece);
      } catch (error) {
        if (isAway(error) && !(error instanceof ServiceAway)) throw error;
        const fields: object = { err: error, ...piece };
        this.log.error(fields, failure);
      }
    }
  }
}
