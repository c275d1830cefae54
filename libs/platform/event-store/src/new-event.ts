import { hash } from 'node:crypto';
import { parse as uuidBytes } from 'uuid';
import type { FactId } from '@tallystick/kernel';
import { canonicalJson } from './canonical-json.js';
import type { EventMetadata, NewEvent } from './port.js';

/** The namespace of Tallystick's event ids (a random UUID, fixed for ever). */
const eventNamespace = uuidBytes('6f0a3d5e-4c0b-4a86-9d5a-7f1f0f6e2b11');

/** SHA-256 of a JSON value's canonical text, in hex. */
export const contentHash = (value: unknown): string => sha256(canonicalJson(value));
export const sha256 = (text: string | Uint8Array): string => hash('sha256', text, 'hex');

/**
 * Makes an event of a fact. `ordinal` tells apart several events that one fact causes.
 * Source of the id: UUIDv5 (RFC 9562) of the fact, the ordinal, and the hash of type and data.
 */
export const newEvent = (
  fact: FactId,
  ordinal: number,
  event: { readonly type: string; readonly schemaVersion?: number; readonly data: object },
  metadata: EventMetadata,
): NewEvent => {
  const data = canonicalJson(event.data);
  const name = `${fact}\n${ordinal}\n${sha256(`${event.type}\n${data}`)}`;
  return {
    id: nameBasedId(name),
    type: event.type,
    schemaVersion: event.schemaVersion ?? 1,
    data,
    metadata,
  };
};

/**
 * UUIDv5 (RFC 9562, 5.5) in the namespace of event ids: SHA-1 of namespace and name, with version and variant in their places. By one call
 * of the system's hash: the package takes twice as long, twice for each receipt.
 */
const nameBasedId = (name: string): string => {
  const bytes = hash('sha1', Buffer.concat([eventNamespace, Buffer.from(name)]), 'buffer');
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
