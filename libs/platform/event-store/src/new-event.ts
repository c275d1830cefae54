import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { parse as uuidBytes, v5 as uuidv5 } from 'uuid';
import type { FactId } from '@tallystick/kernel';
import type { EventMetadata, NewEvent } from './port.js';

/** The namespace of Tallystick's event ids (a random UUID, fixed for ever). */
const eventNamespace = uuidBytes('6f0a3d5e-4c0b-4a86-9d5a-7f1f0f6e2b11');

/** RFC 8785 text of a JSON value: what is hashed is what is kept. */
export const canonicalJson = (value: unknown): string => {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('not a JSON value');
  return text;
};

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
  // Bytes, because the package is slow at making them of text.
  const id = uuidv5(Buffer.from(name), eventNamespace);
  return { id, type: event.type, schemaVersion: event.schemaVersion ?? 1, data, metadata };
};
