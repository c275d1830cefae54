export type { ServiceDefinition, StartOptions, RunningService } from './service.js';
export { startService, runService } from './run.js';
export * from './tokens.js';
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
  type BodyRules,
} from './http/params.js';
export { Answer, answer, type AnswerOptions } from './http/answer.js';
export { decodeRelayed, isAway, oneByOne, PoisonMessage } from './bus/relayed.js';
export type { HostConfig } from './config.js';
export type { Log } from './log.js';
