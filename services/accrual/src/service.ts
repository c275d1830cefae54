import { Module } from '@nestjs/common';
import type { Pool } from 'pg';
import { AccountCache } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import {
  accountMemoryVariables,
  CLOCK,
  DATABASE,
  EVENT_STORE,
  OTHER_SERVICES,
  TELEMETRY,
  type OtherServices,
  type ServiceDefinition,
} from '@tallystick/service-host';
import type { Telemetry } from '@tallystick/telemetry';
import { KnownAccounts } from './accounts/known-accounts.js';
import { LedgerConsumer } from './accounts/ledger.consumer.js';
import { accountProviders } from './accounts/providers.js';
import { BudgetsController } from './budgets/budgets.controller.js';
import { CertificatesController } from './certificates/certificates.controller.js';
import { ClaimsController } from './claims/claims.controller.js';
import { clockVariables } from './clock/expiry-clock.js';
import { correctionControllers, correctionProviders } from './corrections/parts.js';
import { MembershipConsumer } from './membership/membership.consumer.js';
import { migrations } from './migrations.js';
import { PartnerEventsConsumer } from './partner-events/partner-events.consumer.js';
import { PaidMembershipsController } from './paid-memberships/paid-memberships.controller.js';
import { Catalog } from './programs/catalog.js';
import { ProgramsController } from './programs/programs.controller.js';
import { VersionStepsController } from './programs/version-steps.controller.js';
import { ReceiptsConsumer } from './receipts/receipts.consumer.js';
import { PartnerAwardsController } from './explain/partner-awards.controller.js';
import { CalculateController } from './calculate/calculate.controller.js';
import { ReceiptsController } from './receipts/receipts.controller.js';
import { Birthdays } from './settle/birthdays.js';
import { IntakeQueue } from './settle/intake-queue.js';
import { Memory } from './settle/memory.js';
import { Settler } from './settle/settler.js';
import { Sweeper } from './sweep/sweeper.js';
import { UnsettledConsumer } from './sweep/unsettled.consumer.js';
import { Unsettled } from './sweep/unsettled.js';

@Module({
  controllers: [
    ProgramsController,
    VersionStepsController,
    BudgetsController,
    PaidMembershipsController,
    CalculateController,
    PartnerAwardsController,
    ReceiptsController,
    ClaimsController,
    CertificatesController,
    ReceiptsConsumer,
    MembershipConsumer,
    PartnerEventsConsumer,
    UnsettledConsumer,
    LedgerConsumer,
    ...correctionControllers,
  ],
  providers: [
    ...accountProviders,
    {
      provide: Catalog,
      inject: [EVENT_STORE],
      useFactory: (store: EventStore) => new Catalog(store),
    },
    {
      provide: Memory,
      inject: [EVENT_STORE, Catalog, AccountCache, KnownAccounts, Birthdays],
      useFactory: (
        store: EventStore,
        catalog: Catalog,
        accounts: AccountCache,
        known: KnownAccounts,
        birthdays: Birthdays,
      ) =>
        new Memory({
          ...{ store, catalog, accounts, birthdays },
          closedAt: (stream) => known.closedAt(stream),
        }),
    },
    {
      provide: Birthdays,
      inject: [OTHER_SERVICES],
      useFactory: (others: OtherServices) => new Birthdays(others),
    },
    {
      provide: Settler,
      inject: [Memory, CLOCK, TELEMETRY],
      useFactory: (memory: Memory, clock: Clock, telemetry: Telemetry | null) =>
        new Settler(memory, clock, telemetry),
    },
    {
      provide: IntakeQueue,
      inject: [Settler],
      useFactory: (settler: Settler) => new IntakeQueue(settler),
    },
    {
      provide: Unsettled,
      inject: [DATABASE, EVENT_STORE],
      useFactory: (db: Pool, { capabilities }: EventStore) =>
        new Unsettled(db, { atomic: capabilities.atomicAcrossStreams }),
    },
    Sweeper,
    ...correctionProviders,
  ],
})
class AccrualModule {}

/** Receipts and partners' events become awards; the programme's rulebooks are published here. */
export const accrual: ServiceDefinition = {
  name: 'accrual',
  module: AccrualModule,
  migrations,
  config: clockVariables.extend(accountMemoryVariables.shape),
  summary:
    'Takes receipts, rates them under the rulebook in force, and awards points on the ledger.',
  relay: true,
};
