import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import type { EventStore } from '@tallystick/event-store';
import { BackgroundWork, DATABASE, EVENT_STORE, LOG, type Log } from '@tallystick/service-host';
import { heardOfStore, type HeardEvent } from './decode-heard-event.js';
import { LedgerNotes } from './ledger-notes.js';

const batchMax = 500;
const tryEveryMs = 1_000;

/**
 * What the ledger said before this service began to note it: an older release has taken those messages off the bus already. They are read
 * once from the store, batch by batch, and a start that was killed in between goes on where it was.
 */
@Injectable()
export class CatchUp extends BackgroundWork {
  private done = false;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(DATABASE) private readonly db: Pool,
    @Inject(LedgerNotes) private readonly notes: LedgerNotes,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'catching up', everyMs: tryEveryMs }, log);
  }

  protected override turn(): Promise<unknown> {
    return this.catchUp();
  }

  /** Whether everything from before is noted. */
  async isDone(): Promise<boolean> {
    if (this.done) return true;
    const { rowCount } = await this.db.query('select 1 from caught_up where done');
    this.done = (rowCount ?? 0) > 0;
    return this.done;
  }

  async catchUp(): Promise<void> {
    if (await this.isDone()) return;
    const { rows } = await this.db.query<{ position: bigint }>('select position from caught_up');
    const after = rows[0]?.position ?? 0n;
    let batch: HeardEvent[] = [];
    let position = after;
    for await (const recorded of this.store.readAll({ after, categories: ['ledger'] })) {
      if (this.stopping) return;
      const heard = heardOfStore(recorded);
      if (heard !== null) batch.push(heard);
      ({ position } = recorded);
      if (batch.length < batchMax) continue;
      await this.note(batch, position, false);
      batch = [];
    }
    await this.note(batch, position, true);
  }

  private async note(batch: readonly HeardEvent[], position: bigint, done: boolean): Promise<void> {
    await this.notes.note(batch);
    await this.db.query(
      `insert into caught_up (what, position, done) values ('ledger', $1, $2)
       on conflict (what) do update
         set position = greatest(caught_up.position, excluded.position), done = caught_up.done or excluded.done`,
      [position, done],
    );
  }
}
