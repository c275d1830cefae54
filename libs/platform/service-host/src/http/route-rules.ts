import { RouteConfig } from '@nestjs/platform-fastify';
import type { Role } from '../auth/caller.js';

/** Who may call a handler. */
export type AccessRule =
  { readonly kind: 'public' } | { readonly kind: 'roles'; readonly roles: readonly Role[] };

/** How a route's body is read, when it is not JSON. */
export interface BodyRules {
  /** The body is kept as it came and not parsed: take it by `@RawBodyParam()`. */
  readonly raw?: boolean;
  /** Content types besides JSON; such a body arrives in `@Body()` as a string. */
  readonly text?: readonly string[];
}

/** What decorators tell the host of a route; travels in Fastify's route config. */
export interface RouteRules {
  readonly access?: AccessRule;
  readonly body?: BodyRules;
}

const rulesKey = 'tallystick';
const nestRouteConfigKey = '__fastify_route_config__';

const isRules = (value: unknown): value is { readonly [rulesKey]?: RouteRules } =>
  typeof value === 'object' && value !== null;

/** The rules of a handler (a controller's method), by its decorators. */
export const rulesOf = (handler: object): RouteRules => {
  const config: unknown = Reflect.getMetadata(nestRouteConfigKey, handler);
  return isRules(config) ? (config[rulesKey] ?? {}) : {};
};

/** The rules within a Fastify route's config. */
export const rulesIn = (config: unknown): RouteRules =>
  isRules(config) ? (config[rulesKey] ?? {}) : {};

/** Adds a rule to a handler; a second one of its kind is a mistake in the code. */
export const withRules =
  (rules: RouteRules): MethodDecorator =>
  (target, property, descriptor) => {
    const handler: unknown = descriptor.value;
    if (typeof handler !== 'function') throw new Error(`${String(property)} is not a method`);
    const known = rulesOf(handler);
    for (const kind of Object.keys(rules)) {
      if (kind in known) {
        throw new Error(
          `${target.constructor.name}.${String(property)} has more than one rule of ${kind}`,
        );
      }
    }
    RouteConfig({ [rulesKey]: { ...known, ...rules } })(target, property, descriptor);
  };
