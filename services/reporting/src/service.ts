import { Module } from '@nestjs/common';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import {
  CLOCK,
  DATABASE,
  EVENT_STORE,
  LOG,
  POSITIONS,
  TELEMETRY,
  type Log,
  type PositionWait,
  type ServiceDefinition,
} from '@tallystick/service-host';
import type { Telemetry } from '@tallystick/telemetry';
import { CertificatesController } from './certificates/certificates.controller.js';
import { ViewsConsumer } from './hear/views.consumer.js';
import { migrations } from './migrations.js';
import { PARTS, type Parts } from './parts.js';
import { AccountController } from './read-account/account.controller.js';
import { StatementController } from './read-statement/statement.controller.js';
import { ReceiptsByOutcomeController } from './receipts-by-outcome/receipts-by-outcome.controller.js';
import { CAUGHT_UP, caughtUpBy, type CaughtUp } from './replay/caught-up.js';
import { Replays } from './replay/replays.js';
import { ReplaysController } from './replay/replays.controller.js';
import { SummaryController } from './summary/summary.controller.js';
import { TrialBalanceController } from './trial-balance/trial-balance.controller.js';
import { foldersOf } from './views/all.js';

const parts = {
  provide: PARTS,
  inject: [DATABASE, EVENT_STORE, CLOCK, LOG, TELEMETRY],
  useFactory: (
    db: Database,
    store: EventStore,
    clock: Clock,
    log: Log,
    telemetry: Telemetry | null,
  ): Parts => ({
    db,
    store,
    clock,
    log,
    telemetry,
    live: foldersOf('live', store),
  }),
};

const caughtUp = {
  provide: CAUGHT_UP,
  inject: [POSITIONS],
  useFactory: (positions: PositionWait): CaughtUp => caughtUpBy(positions),
};

@Module({
  controllers: [
    ViewsConsumer,
    AccountController,
    StatementController,
    TrialBalanceController,
    CertificatesController,
    ReceiptsByOutcomeController,
    SummaryController,
    ReplaysController,
  ],
  providers: [parts, caughtUp, Replays],
})
class ReportingModule {}

export const reporting: ServiceDefinition = {
  name: 'reporting',
  module: ReportingModule,
  migrations,
  summary:
    'Balances, statements and reports: views of the ledger that a replay can prove and rebuild.',
};
