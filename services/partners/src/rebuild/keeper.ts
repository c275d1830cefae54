import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PARTS, type Parts } from '../parts.js';
import { rebuild } from './rebuild.js';
import { sweep } from './sweep.js';

const sweepEveryMs = 30_000;

/** Makes lost rows again before the service opens, and ends what crashes cut off while it runs. */
@Injectable()
export class Keeper implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  async onModuleInit(): Promise<void> {
    const events = await rebuild(this.parts);
    this.parts.log.info({ events }, 'rows agree with the store');
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.once());
    }, sweepEveryMs);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async once(): Promise<void> {
    try {
      const ended = await sweep(this.parts);
      if (ended > 0) this.parts.log.warn({ ended }, 'ended what had been cut off');
    } catch (error) {
      // Tried again at the next turn; until then the rows wait where they are.
      this.parts.log.error({ err: error }, 'the sweep failed');
    }
  }
}
