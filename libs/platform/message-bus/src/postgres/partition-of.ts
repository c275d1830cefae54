import { hash } from 'node:crypto';

/** The partition of a key: the first 32 bits of the SHA-256 of its UTF-8, modulo the partitions. Never to change. */
export const partitionOf = (key: string, partitions: number): number =>
  hash('sha256', key, 'buffer').readUInt32BE(0) % partitions;
