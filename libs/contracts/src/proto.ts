import type { DescFile } from '@bufbuild/protobuf';
import { topics } from './topics.js';
import { file_tallystick_corrections_v1_corrections as corrections } from './generated/tallystick/corrections/v1/corrections_pb.js';
import { file_tallystick_ledger_v1_ledger as ledger } from './generated/tallystick/ledger/v1/ledger_pb.js';
import { file_tallystick_members_v1_members as members } from './generated/tallystick/members/v1/members_pb.js';
import { file_tallystick_partners_v1_partner_events as partners } from './generated/tallystick/partners/v1/partner_events_pb.js';
import { file_tallystick_programs_v1_programs as programs } from './generated/tallystick/programs/v1/programs_pb.js';
import { file_tallystick_receipts_v1_receipt_log as receiptLog } from './generated/tallystick/receipts/v1/receipt_log_pb.js';
import { file_tallystick_rewards_v1_rewards as rewards } from './generated/tallystick/rewards/v1/rewards_pb.js';

/** The messages of `proto/`, generated. `npm run proto` makes them again. */
export * as correctionsV1 from './generated/tallystick/corrections/v1/corrections_pb.js';
export * as eventsV1 from './generated/tallystick/events/v1/event_pb.js';
export * as ledgerV1 from './generated/tallystick/ledger/v1/ledger_pb.js';
export * as membersV1 from './generated/tallystick/members/v1/members_pb.js';
export * as partnersV1 from './generated/tallystick/partners/v1/partner_events_pb.js';
export * as programsV1 from './generated/tallystick/programs/v1/programs_pb.js';
export * as receiptLogV1 from './generated/tallystick/receipts/v1/receipt_log_pb.js';
export * as receiptsV1 from './generated/tallystick/receipts/v1/receipts_pb.js';
export * as rewardsV1 from './generated/tallystick/rewards/v1/rewards_pb.js';

/** Of each topic with events: the file that has a message for each of their types. */
export const eventsOfTopic: Readonly<Record<string, DescFile>> = {
  [topics.ledger.name]: ledger,
  [topics.receiptLog.name]: receiptLog,
  [topics.membership.name]: members,
  [topics.programs.name]: programs,
  [topics.partnerLog.name]: partners,
  [topics.redemptions.name]: rewards,
  [topics.corrections.name]: corrections,
};
