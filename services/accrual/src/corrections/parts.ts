import type { Provider, Type } from '@nestjs/common';
import type { Pool } from 'pg';
import { DATABASE } from '@tallystick/service-host';
import { AdjustmentsController } from '../adjustments/adjustments.controller.js';
import { AdjustmentsView } from '../adjustments/adjustments-view.js';
import { CorrectionsConsumer } from './corrections.consumer.js';
import { CorrectionsSweeper } from './corrections-sweeper.js';

/** What people correct: who answers for it over HTTP, hears of it on the bus, and finishes it after a crash. */
export const correctionControllers: readonly Type<unknown>[] = [
  AdjustmentsController,
  CorrectionsConsumer,
];

export const correctionProviders: readonly Provider[] = [
  {
    provide: AdjustmentsView,
    inject: [DATABASE],
    useFactory: (db: Pool) => new AdjustmentsView(db),
  },
  CorrectionsSweeper,
];
