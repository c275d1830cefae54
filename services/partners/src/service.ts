import { Module } from '@nestjs/common';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { MasterKeys } from '@tallystick/sealing';
import {
  CARD_TOKENS,
  CLOCK,
  DATABASE,
  EVENT_STORE,
  LOG,
  MASTER_KEYS,
  type CardTokens,
  type Log,
  type ServiceDefinition,
} from '@tallystick/service-host';
import { KeysController } from './keys/keys.controller.js';
import { migrations } from './migrations.js';
import { OutcomesConsumer } from './outcome/outcomes.consumer.js';
import { ReadEventController } from './outcome/read-event.controller.js';
import { PARTS, type Parts } from './parts.js';
import { Keeper } from './rebuild/keeper.js';
import { ReceiveController } from './receive/receive.controller.js';
import { RegisterController } from './register/register.controller.js';

const parts = {
  provide: PARTS,
  inject: [DATABASE, EVENT_STORE, CLOCK, CARD_TOKENS, MASTER_KEYS, LOG],
  useFactory: (
    db: Database,
    store: EventStore,
    clock: Clock,
    cardTokens: CardTokens,
    masterKeys: MasterKeys,
    log: Log,
  ): Parts => ({ db, store, clock, cardTokens, masterKeys, log }),
};

@Module({
  controllers: [
    RegisterController,
    KeysController,
    ReceiveController,
    ReadEventController,
    OutcomesConsumer,
  ],
  providers: [parts, Keeper],
})
class PartnersModule {}

export const partners: ServiceDefinition = {
  name: 'partners',
  module: PartnersModule,
  migrations,
  summary: 'Partner companies, their keys, and the signed events that they send.',
};
