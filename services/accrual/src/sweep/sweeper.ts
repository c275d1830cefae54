import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock, FactId } from '@tallystick/kernel';
import { factStream } from '@tallystick/receipts';
import { BackgroundWork, CLOCK, LOG, type Log } from '@tallystick/service-host';
import { IntakeQueue } from '../settle/intake-queue.js';
import { Memory } from '../settle/memory.js';
import { Workspace } from '../settle/workspace.js';
import { Unsettled } from './unsettled.js';

/** How long a fact may be under way before the sweeper looks: well above what its own handler takes. */
const graceMs = 10_000;
const sweepEveryMs = 5_000;
const factsMax = 200;
const actor = 'service:accrual';

/** Finishes what a crash left between a fact's own stream and its account's: from the pin, whoever sends the receipt again or not. */
@Injectable()
export class Sweeper extends BackgroundWork {
  constructor(
    @Inject(Memory) private readonly memory: Memory,
    @Inject(IntakeQueue) private readonly queue: IntakeQueue,
    @Inject(Unsettled) private readonly unsettled: Unsettled,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'sweep', everyMs: sweepEveryMs }, log);
  }

  protected override async turn(): Promise<void> {
    while ((await this.sweep()) === factsMax && !this.stopping);
  }

  /** Settles facts that were noted at least `olderThanMs` ago; says how many it looked at. */
  async sweep(olderThanMs = graceMs): Promise<number> {
    const facts = await this.unsettled.olderThan(olderThanMs, factsMax);
    if (facts.length === 0) return 0;
    await this.finish(facts);
    await this.unsettled.forget(facts);
    return facts.length;
  }

  private async finish(facts: readonly FactId[]): Promise<void> {
    const workspace = new Workspace(this.memory);
    await workspace.load(facts.map(factStream));
    const correlationId = randomUUID();
    const arrivals = facts.flatMap((id) => {
      const fact = workspace.fact(id)?.document;
      if (fact === undefined) return [];
      const { program, occurredAt } = fact;
      const metadata = { program, occurredAt, recordedAt: this.clock(), actor, correlationId };
      return [{ fact, metadata }];
    });
    await this.queue.settle(arrivals);
  }
}
