import { Module } from '@nestjs/common';
import type { Pool } from 'pg';
import { accountMemoryVariables, DATABASE, type ServiceDefinition } from '@tallystick/service-host';
import { HeardConsumer } from './accounts/heard.consumer.js';
import { LedgerConsumer } from './accounts/ledger.consumer.js';
import { accountProviders } from './accounts/providers.js';
import { CertificateUsesController } from './certificates/certificate-uses.controller.js';
import { HoldsController } from './hold/holds.controller.js';
import { migrations } from './migrations.js';
import { QuoteController } from './quote/quote.controller.js';
import { ReadRedemptionController } from './redeem/read-redemption.controller.js';
import { RedeemController } from './redeem/redeem.controller.js';
import { RefundController } from './refund/refund.controller.js';
import { TransferRequestsSweeper } from './transfer-requests/requests-sweeper.js';
import { TransferRequestsView } from './transfer-requests/requests-view.js';
import { TransferRequestsConsumer } from './transfer-requests/requests.consumer.js';
import { TransferRequestsController } from './transfer-requests/transfer-requests.controller.js';
import { OpenTransfers } from './transfer/open-transfers.js';
import { TransferSweeper } from './transfer/sweeper.js';
import { TransfersController } from './transfer/transfers.controller.js';

@Module({
  controllers: [
    QuoteController,
    RedeemController,
    ReadRedemptionController,
    RefundController,
    HoldsController,
    TransfersController,
    TransferRequestsController,
    TransferRequestsConsumer,
    CertificateUsesController,
    HeardConsumer,
    LedgerConsumer,
  ],
  providers: [
    ...accountProviders,
    {
      provide: OpenTransfers,
      inject: [DATABASE],
      useFactory: (db: Pool) => new OpenTransfers(db),
    },
    TransferSweeper,
    {
      provide: TransferRequestsView,
      inject: [DATABASE],
      useFactory: (db: Pool) => new TransferRequestsView(db),
    },
    TransferRequestsSweeper,
  ],
})
class RedemptionModule {}

/** Members spend points here, reserve them and send them, and cancelled redemptions give them back. */
export const redemption: ServiceDefinition = {
  name: 'redemption',
  module: RedemptionModule,
  migrations,
  config: accountMemoryVariables,
  summary:
    'Quotes, redeems, holds, refunds and transfers points: never below zero, whatever is concurrent.',
};
