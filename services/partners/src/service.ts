import { Module } from '@nestjs/common';
import { sealedParts, type ServiceDefinition } from '@tallystick/service-host';
import { KeysController } from './keys/keys.controller.js';
import { migrations } from './migrations.js';
import { OutcomesConsumer } from './outcome/outcomes.consumer.js';
import { ReadEventController } from './outcome/read-event.controller.js';
import { PARTS } from './parts.js';
import { Keeper } from './rebuild/keeper.js';
import { ReceiveController } from './receive/receive.controller.js';
import { RegisterController } from './register/register.controller.js';

@Module({
  controllers: [
    RegisterController,
    KeysController,
    ReceiveController,
    ReadEventController,
    OutcomesConsumer,
  ],
  providers: [sealedParts(PARTS), Keeper],
})
class PartnersModule {}

export const partners: ServiceDefinition = {
  name: 'partners',
  module: PartnersModule,
  migrations,
  summary: 'Partner companies, their keys, and the signed events that they send.',
};
