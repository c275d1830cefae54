import { createRequire } from 'node:module';
import type { IHeaders } from 'kafkajs';
import { objectOf } from './inner-kafka.js';

/**
 * kafkajs copies what it has read of a message's headers with each header that it reads: a message of 170 KB with 20,000 of them keeps a
 * process busy for two minutes, in which every member that lives there is missed; and then again. So where it gathers them
 * (`reduce`), we do it in one go.
 */
export const readManyHeaders = (): void => {
  const decoder: unknown = createRequire(import.meta.url)('kafkajs/src/protocol/decoder');
  if (typeof decoder !== 'function') throw new Error('this kafkajs is not the one that we know');
  const prototype = objectOf(decoder.prototype);
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== 'function') throw new Error(`kafkajs has no ${name}`);
  // It is done once for a process, however many buses there are.
  if (done.has(prototype)) return;
  done.add(prototype);
  const inOneGo = function (this: unknown, ...args: readonly unknown[]): unknown {
    const read: unknown = Reflect.apply(original, this, args);
    if (Array.isArray(read) && read.length > fewMax)
      Object.defineProperty(read, 'reduce', { value: () => gathered(read) });
    return read;
  };
  Reflect.set(prototype, name, inOneGo);
};

const done = new WeakSet<object>();
/** Reads nothing but headers. */
const name = 'readVarIntArray';
/** So many cost nothing. */
const fewMax = 50;

/** As kafkajs has them: of several with one name a list. */
const gathered = (read: readonly unknown[]): IHeaders => {
  const byName = new Map<string, Buffer[]>();
  for (const one of read) {
    const header = objectOf(one);
    const key = String(Reflect.get(header, 'key'));
    const value: unknown = Reflect.get(header, 'value');
    const values = byName.get(key) ?? [];
    values.push(Buffer.isBuffer(value) ? value : Buffer.alloc(0));
    byName.set(key, values);
  }
  return Object.fromEntries(
    [...byName].map(([key, values]) => {
      const [only, ...others] = values;
      return [key, others.length === 0 ? only : values];
    }),
  );
};
