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
import { AttributesController } from './attributes/attributes.controller.js';
import { CardLookupController } from './card-lookup/card-lookup.controller.js';
import { EnrolController } from './enrol/enrol.controller.js';
import { MergesConsumer } from './hear-merges/merges.consumer.js';
import { Programs } from './hear-programs/programs.js';
import { ProgramsConsumer } from './hear-programs/programs.consumer.js';
import { LinkCardController } from './link-card/link-card.controller.js';
import { UnlinkCardController } from './unlink-card/unlink-card.controller.js';
import { migrations } from './migrations.js';
import { PARTS, type Parts } from './parts.js';
import { ReadMemberController } from './read-member/read-member.controller.js';
import { Keeper } from './rebuild/keeper.js';

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
    EnrolController,
    LinkCardController,
    UnlinkCardController,
    ReadMemberController,
    CardLookupController,
    AttributesController,
    ProgramsConsumer,
    MergesConsumer,
  ],
  providers: [parts, Programs, Keeper],
})
class EnrollmentModule {}

export const enrollment: ServiceDefinition = {
  name: 'enrollment',
  module: EnrollmentModule,
  migrations,
  summary: 'Members, their cards and what is personal about them.',
};
