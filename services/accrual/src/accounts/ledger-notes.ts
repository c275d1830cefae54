import { Inject, Injectable } from '@nestjs/common';
import { DueAccounts } from '../clock/due-accounts.js';
import { MergesView } from '../merges/merges-view.js';
import { Unsettled } from '../sweep/unsettled.js';
import type { HeardEvent } from './decode-heard-event.js';
import { KnownAccounts } from './known-accounts.js';

/** Has what happened on accounts' streams noted by whom it concerns. Each note may be made twice. */
@Injectable()
export class LedgerNotes {
  constructor(
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
    @Inject(DueAccounts) private readonly due: DueAccounts,
    @Inject(MergesView) private readonly merges: MergesView,
    @Inject(Unsettled) private readonly unsettled: Unsettled,
  ) {}

  async note(heard: readonly HeardEvent[]): Promise<void> {
    await this.known.note(heard);
    await this.due.note(heard);
    await this.merges.arrived(
      heard.flatMap(({ event }) =>
        event?.type === 'AccountsMerged' && event.data.side === 'target' ? [event.data.fact] : [],
      ),
    );
    await this.unsettled.note(
      heard.flatMap(({ event }) =>
        event?.type === 'PointsEarned' || event?.type === 'EarnReversed'
          ? [{ fact: event.data.fact, kind: 'settled' as const }]
          : [],
      ),
    );
  }
}
