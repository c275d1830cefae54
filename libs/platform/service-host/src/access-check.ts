import type { INestApplication } from '@nestjs/common';
import { handlersOf } from './handlers.js';
import { rulesOf } from './http/route-rules.js';

/** Nest's own key on methods that answer HTTP: `@Get()` and the like. */
const nestMethodKey = 'method';

/** The start fails: a handler does not say who may call it. */
export class AccessRuleMissing extends Error {
  constructor(readonly handlers: readonly string[]) {
    super(
      `these handlers do not say who may call them; give each @Allow(…) or @Public(): ${handlers.join(', ')}`,
    );
    this.name = 'AccessRuleMissing';
  }
}

/** Throws `AccessRuleMissing` with the names of all HTTP handlers that have no access rule. */
export const requireAccessRules = (app: INestApplication): void => {
  const missing = handlersOf(app)
    .filter(({ method }) => Reflect.hasMetadata(nestMethodKey, method))
    .filter(({ method }) => rulesOf(method).access === undefined)
    .map(({ controller, name }) => `${controller.name}.${name}`);
  if (missing.length > 0) throw new AccessRuleMissing(missing);
};
