import type { Kafka } from 'kafkajs';

/**
 * What kafkajs has inside and does not offer. Its version is pinned, and whoever uses this has a test on a real broker.
 */

/** kafkajs' own name of what makes a view of the cluster. */
const name = 'private:Kafka:createCluster';

/** The key of the method that makes a view of the cluster. */
export const createsCluster = (kafka: Kafka): symbol => {
  const key = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === name);
  if (key === undefined) throw new Error('this kafkajs is not the one that we know from inside');
  return key;
};

export const call = (
  target: object,
  method: string | symbol,
  ...args: readonly unknown[]
): unknown => {
  const found: unknown = Reflect.get(target, method);
  if (typeof found !== 'function') throw new Error(`kafkajs has no ${String(method)}`);
  return Reflect.apply(found, target, args);
};

export const objectOf = (value: unknown): object => {
  if (typeof value !== 'object' || value === null) throw new Error('kafkajs gave no object');
  return value;
};
