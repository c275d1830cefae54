import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { periodically, type Periodic } from '@tallystick/service-host';
import { PARTS, type Parts } from '../parts.js';
import { rebuild } from './rebuild.js';
import { sweep } from './sweep.js';

const sweepEveryMs = 30_000;

/** Makes lost rows again before the service opens, and ends what crashes cut off while it runs. */
@Injectable()
export class Keeper implements OnModuleInit, OnModuleDestroy {
  private sweeping: Periodic | undefined;

  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  async onModuleInit(): Promise<void> {
    const { log } = this.parts;
    const events = await rebuild(this.parts);
    log.info({ events }, 'rows agree with the store');
    const work = async (): Promise<void> => {
      const ended = await sweep(this.parts);
      if (ended > 0) log.warn({ ended }, 'ended what had been cut off');
    };
    this.sweeping = periodically({ name: 'sweep', everyMs: sweepEveryMs, work, log });
  }

  async onModuleDestroy(): Promise<void> {
    await this.sweeping?.stop();
  }
}
