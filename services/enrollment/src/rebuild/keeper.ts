import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { BackgroundWork } from '@tallystick/service-host';
import { PARTS, type Parts } from '../parts.js';
import { rebuild } from './rebuild.js';
import { sweep } from './sweep.js';

const sweepEveryMs = 30_000;

/** Makes lost rows again before the service opens; while it runs, keeps them up with the store, and ends what crashes cut off. */
@Injectable()
export class Keeper extends BackgroundWork implements OnModuleInit {
  constructor(@Inject(PARTS) private readonly parts: Parts) {
    super({ name: 'sweep', everyMs: sweepEveryMs }, parts.log);
  }

  async onModuleInit(): Promise<void> {
    const events = await rebuild(this.parts);
    this.log.info({ events }, 'rows agree with the store');
  }

  protected override async turn(): Promise<void> {
    try {
      // So that the next start has little to go through.
      await rebuild(this.parts, () => this.stopping);
    } finally {
      const ended = await sweep(this.parts);
      if (ended > 0) this.log.warn({ ended }, 'ended what had been cut off');
    }
  }
}
