import type { INestApplication, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

/** A controller's method. */
export interface Handler {
  readonly controller: Type<unknown>;
  readonly name: string;
  readonly method: object;
}

const isClass = (value: unknown): value is Type<unknown> =>
  typeof value === 'function' && 'prototype' in value;

/** A class's methods, inherited ones included. */
const methodsOf = (controller: Type<unknown>): Handler[] => {
  const found = new Map<string, Handler>();
  let at: unknown = controller.prototype;
  while (at instanceof Object && at !== Object.prototype) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      const method: unknown = descriptor.value;
      if (typeof method !== 'function' || name === 'constructor' || found.has(name)) continue;
      found.set(name, { controller, name, method });
    }
    at = Object.getPrototypeOf(at);
  }
  return [...found.values()];
};

/** Every method of every controller of an application. */
export const handlersOf = (app: INestApplication): Handler[] =>
  [...app.get(ModulesContainer).values()].flatMap((module) =>
    [...module.controllers.values()].flatMap(({ metatype }) =>
      isClass(metatype) ? methodsOf(metatype) : [],
    ),
  );
