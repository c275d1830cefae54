import type { INestApplication, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
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
  const missing: string[] = [];
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function' || !isClass(metatype)) continue;
      for (const [name, handler] of methodsOf(metatype)) {
        const answersHttp = Reflect.hasMetadata(nestMethodKey, handler);
        if (answersHttp && rulesOf(handler).access === undefined)
          missing.push(`${metatype.name}.${name}`);
      }
    }
  }
  if (missing.length > 0) throw new AccessRuleMissing(missing);
};

const isClass = (value: object): value is Type<unknown> => 'prototype' in value;

/** A class's methods, inherited ones included. */
const methodsOf = (type: Type<unknown>): [string, object][] => {
  const found = new Map<string, object>();
  for (
    let at: unknown = type.prototype;
    at instanceof Object && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      const value: unknown = descriptor.value;
      if (typeof value !== 'function' || name === 'constructor' || found.has(name)) continue;
      found.set(name, value);
    }
  }
  return [...found];
};
