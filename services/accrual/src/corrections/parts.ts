import type { Provider, Type } from '@nestjs/common';
import type { Pool } from 'pg';
import type { EventStore } from '@tallystick/event-store';
import { DATABASE, EVENT_STORE } from '@tallystick/service-host';
import { AdjustmentsController } from '../adjustments/adjustments.controller.js';
import { AdjustmentsView } from '../adjustments/adjustments-view.js';
import { Closings } from '../closing/closings.js';
import { ClosingsController } from '../closing/closings.controller.js';
import { PeriodCloser } from '../closing/period-closer.js';
import { MergeRegister } from '../merges/merge-register.js';
import { MergesController } from '../merges/merges.controller.js';
import { MergeRequestsView, MergesView } from '../merges/merges-view.js';
import { BalanceBatchesView } from '../opening-balances/batches-view.js';
import { OpeningBalancesController } from '../opening-balances/opening-balances.controller.js';
import { UnfinishedBalances } from '../opening-balances/unfinished-balances.js';
import { Rerater } from '../reratings/rerater.js';
import { ReratingsController } from '../reratings/reratings.controller.js';
import { CorrectionsConsumer } from './corrections.consumer.js';
import { CorrectionsSweeper } from './corrections-sweeper.js';

/** What people correct: who answers for it over HTTP, hears of it on the bus, and finishes it after a crash. */
export const correctionControllers: readonly Type<unknown>[] = [
  AdjustmentsController,
  MergesController,
  OpeningBalancesController,
  ClosingsController,
  ReratingsController,
  CorrectionsConsumer,
];

export const correctionProviders: readonly Provider[] = [
  {
    provide: AdjustmentsView,
    inject: [DATABASE],
    useFactory: (db: Pool) => new AdjustmentsView(db),
  },
  {
    provide: BalanceBatchesView,
    inject: [DATABASE],
    useFactory: (db: Pool) => new BalanceBatchesView(db),
  },
  {
    provide: UnfinishedBalances,
    inject: [DATABASE],
    useFactory: (db: Pool) => new UnfinishedBalances(db),
  },
  {
    provide: MergeRequestsView,
    inject: [DATABASE],
    useFactory: (db: Pool) => new MergeRequestsView(db),
  },
  { provide: MergesView, inject: [DATABASE], useFactory: (db: Pool) => new MergesView(db) },
  {
    provide: MergeRegister,
    inject: [EVENT_STORE],
    useFactory: (store: EventStore) => new MergeRegister(store),
  },
  { provide: Closings, inject: [DATABASE], useFactory: (db: Pool) => new Closings(db) },
  PeriodCloser,
  Rerater,
  CorrectionsSweeper,
];
