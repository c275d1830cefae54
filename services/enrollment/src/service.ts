import { Module } from '@nestjs/common';
import { sealedParts, type ServiceDefinition } from '@tallystick/service-host';
import { AttributesController } from './attributes/attributes.controller.js';
import { BirthdayController } from './birthdays/birthday.controller.js';
import { BirthdayWindowsController } from './birthdays/birthday-windows.controller.js';
import { CardLookupController } from './card-lookup/card-lookup.controller.js';
import { EnrolController } from './enrol/enrol.controller.js';
import { MergesConsumer } from './hear-merges/merges.consumer.js';
import { Programs } from './hear-programs/programs.js';
import { ProgramsConsumer } from './hear-programs/programs.consumer.js';
import { LinkCardController } from './link-card/link-card.controller.js';
import { UnlinkCardController } from './unlink-card/unlink-card.controller.js';
import { migrations } from './migrations.js';
import { PARTS } from './parts.js';
import { ReadMemberController } from './read-member/read-member.controller.js';
import { Keeper } from './rebuild/keeper.js';

@Module({
  controllers: [
    EnrolController,
    LinkCardController,
    UnlinkCardController,
    ReadMemberController,
    CardLookupController,
    AttributesController,
    BirthdayController,
    BirthdayWindowsController,
    ProgramsConsumer,
    MergesConsumer,
  ],
  providers: [sealedParts(PARTS), Programs, Keeper],
})
class EnrollmentModule {}

export const enrollment: ServiceDefinition = {
  name: 'enrollment',
  module: EnrollmentModule,
  migrations,
  summary: 'Members, their cards and what is personal about them.',
};
