import { Module } from '@nestjs/common';
import type { Pool } from 'pg';
import { DATABASE, type ServiceDefinition } from '@tallystick/service-host';
import { HeardConsumer } from './accounts/heard.consumer.js';
import { Heard } from './accounts/heard.js';
import { InTurn } from './accounts/in-turn.js';
import { migrations } from './migrations.js';
import { RedemptionsController } from './redemptions.controller.js';

@Module({
  controllers: [RedemptionsController, HeardConsumer],
  providers: [
    { provide: Heard, inject: [DATABASE], useFactory: (db: Pool) => new Heard(db) },
    { provide: InTurn, useFactory: () => new InTurn() },
  ],
})
class RedemptionModule {}

/** Members spend points here, and cancelled redemptions give them back. */
export const redemption: ServiceDefinition = {
  name: 'redemption',
  module: RedemptionModule,
  migrations,
  summary: 'Quotes, redeems and refunds points: never below zero, whatever is concurrent.',
};
