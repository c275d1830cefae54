export type { ServiceDefinition, StartOptions, RunningService } from './service.js';
export { startService } from './start.js';
export { runService } from './run.js';
export * from './tokens.js';
export { sealedParts, type SealedParts } from './sealed-parts.js';
export * from './problem.js';
export * from './auth/caller.js';
export { Allow, Public } from './auth/access.js';
export * from './auth/local-issuer.js';
export { messageContext, metadata, type RequestContext } from './context.js';
export {
  CallerParam,
  ContextParam,
  IdempotencyKeyParam,
  RawBodyParam,
  BodyForm,
} from './http/params.js';
export type { PositionsOf, PositionWait } from './http/position-wait.js';
export { parseBody } from './http/body.js';
export type { BodyRules } from './http/route-rules.js';
export { Answer, answer, type AnswerOptions } from './http/answer.js';
export * as httpLimits from './http/limits.js';
export { decodeRelayed, isAway, oneByOne, PoisonMessage } from './bus/relayed.js';
export type { OtherServices } from './calling/other-services.js';
export { ServiceAway } from './calling/service-away.js';
export { AccessRuleMissing } from './access-check.js';
export { createCardTokens } from './card-tokens.js';
export {
  accountMemoryOf,
  accountMemoryVariables,
  type AccountMemoryConfig,
} from './account-memory.js';
export { busKinds, ConfigError, type Environment, type HostConfig } from './config.js';
export { createLog, type Log } from './log.js';
export { BackgroundWork, type WorkRhythm } from './background-work.js';
export { periodically, type Periodic, type PeriodicWork } from './periodic.js';
