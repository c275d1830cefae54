/** The messages of `proto/`, generated. `npm run proto` makes them again. */
export * as eventsV1 from './generated/tallystick/events/v1/event_pb.js';
export * as ledgerV1 from './generated/tallystick/ledger/v1/ledger_pb.js';
export * as membersV1 from './generated/tallystick/members/v1/members_pb.js';
export * as partnersV1 from './generated/tallystick/partners/v1/partner_events_pb.js';
export * as receiptsV1 from './generated/tallystick/receipts/v1/receipts_pb.js';
export * as rewardsV1 from './generated/tallystick/rewards/v1/rewards_pb.js';
