export * from './facts.js';
export * from './rulebook.js';
export * from './decode-rulebook.js';
export type * from './rating.js';
export * from './rate.js';
export * from './rate-partner.js';
export * from './lot-dates.js';
export * from './budgets.js';
export {
  feesIn,
  membershipsIn,
  paidTimes,
  type MembershipBought,
  type MembershipTime,
  type PaidMembership,
} from './memberships.js';
export * from './attributes-asked.js';
export * from './birthday.js';
export { budgetsAsked } from './budgets-asked.js';
export * from './in-force.js';
export * from './certificates.js';
export * from './spending.js';
export * from './engine/compile.js';
export { environments } from './engine/environment.js';
export * from './engine/explanation.js';
export { tierOn, type PaidTime, type TierInputs } from './engine/tiers.js';
export {
  discountsOf,
  reducedBy,
  type DiscountInputs,
  type Discounts,
  type LineDiscount,
} from './engine/discounts.js';
export type { DayActivity, History } from './engine/history.js';
