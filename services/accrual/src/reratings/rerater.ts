import { Inject, Injectable } from '@nestjs/common';
import { Accounts } from '@tallystick/accounts';
import type { Named } from '@tallystick/accounts/signed';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import type { Clock, ProgramId, StreamName } from '@tallystick/kernel';
import {
  BackgroundWork,
  CLOCK,
  EVENT_STORE,
  LOG,
  POSITIONS,
  type Log,
  type PositionWait,
} from '@tallystick/service-host';
import { CatchUp } from '../accounts/catch-up.js';
import { heardOfAll } from '../accounts/heard-of-all.js';
import { KnownAccounts, type KnownAccount } from '../accounts/known-accounts.js';
import { Catalog, rulebookOf } from '../programs/catalog.js';
import { Birthdays } from '../settle/birthdays.js';
import { Tally } from './figures.js';
import { reratingIn, reratingStreams, type Figures, type Rerating } from './rerating.js';
import { countAccount, postAccount, runOf, type Run } from './rerate-account.js';

const lookEveryMs = 1_000;
/** Accounts that are looked at together: they share the store's commits. */
const accountsMax = 50;
const actor = 'service:accrual';

/** Stopped in the middle of a run: the next start goes on. */
class Stopped extends Error {}

/**
 * Counts what runs would do, and posts those that were approved, account by account, in the background. Nothing is noted of how far it
 * came: after a restart it looks at every account again, and what is posted there is known there.
 */
@Injectable()
export class Rerater extends BackgroundWork {
  private readonly open = new Map<StreamName, Named>();
  private seen = 0n;

  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
    @Inject(CatchUp) readonly catchUp: CatchUp,
    @Inject(POSITIONS) readonly positions: PositionWait,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Birthdays) readonly birthdays: Birthdays,
    @Inject(LOG) log: Log,
  ) {
    super({ name: 'rating again', everyMs: lookEveryMs }, log);
  }

  protected override turn(): Promise<unknown> {
    return this.advance();
  }

  /** Looks for runs, and does what can be done about each. */
  async advance(): Promise<void> {
    await this.look();
    await this.eachByItself(
      [...this.open.values()],
      async (named) => {
        const found = await reratingStreams.read(this.store, named);
        if (found !== null) await this.advanceOne(found);
      },
      'receipts cannot be rated again',
    );
  }

  /** Of a run's events, its first says that it is there, and its last that it is over. */
  private async look(): Promise<void> {
    const head = await this.store.head();
    const found = this.store.readAll({ after: this.seen, categories: ['rerating'] });
    for await (const { type, stream, metadata, data, position } of found) {
      const over = type === 'ReratingPosted' || type === 'ReratingRejected';
      const { program } = metadata;
      if (over) this.open.delete(stream);
      else this.open.set(stream, { program, id: reratingIn(data) });
      if (position > this.seen) this.seen = position;
    }
    if (head > this.seen) this.seen = head;
  }

  private async advanceOne(found: Rerating): Promise<void> {
    const { status, asked } = found;
    if (status !== 'requested' && status !== 'approved') return;
    if (!(await heardOfAll(this, found.newestPosition))) return;
    const { program, rerating } = asked;
    const published = await this.catalog.read(program);
    if (published === null) throw new Error(`program ${program} is gone`);
    const fact = reratingStreams.factOf({ program, id: rerating });
    const run = runOf(asked, fact, found.approvedBy ?? '', {
      from: rulebookOf(published, asked.from).book,
      to: rulebookOf(published, asked.to),
    });
    const metadata = this.metadataOf(found);
    try {
      const figures = await this.everyAccount(program, (account, tally) =>
        this.work(run, status, account, tally, metadata),
      );
      const type = status === 'requested' ? 'ReratingCounted' : 'ReratingPosted';
      const event = { type, data: { rerating, figures } } as const;
      await reratingStreams.say(this.store, found, event, metadata);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  private work(
    run: Run,
    status: 'requested' | 'approved',
    { account }: KnownAccount,
    tally: Tally,
    metadata: EventMetadata,
  ): Promise<void> {
    return status === 'requested'
      ? countAccount(this, run, account, tally)
      : postAccount(this, run, account, tally, metadata);
  }

  private async everyAccount(
    program: ProgramId,
    work: (account: KnownAccount, tally: Tally) => Promise<void>,
  ): Promise<Figures> {
    const tally = new Tally();
    let after: StreamName | null = null;
    do {
      if (this.stopping) throw new Stopped();
      const page = await this.known.page(program, after, accountsMax);
      await Promise.all(page.map((account) => work(account, tally)));
      after = page.at(-1)?.stream ?? null;
    } while (after !== null);
    return tally.figures();
  }

  private metadataOf({ asked: { program }, correlationId }: Rerating): EventMetadata {
    const at = this.clock();
    return { program, occurredAt: at, recordedAt: at, actor, correlationId };
  }
}
