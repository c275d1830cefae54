import { partnerEventReceived, type PartnerEventReceived } from '@tallystick/contracts';
import {
  newEvent,
  type EventMetadata,
  type NewEvent,
  type RecordedEvent,
} from '@tallystick/event-store';
import { factId } from '@tallystick/kernel';
import { z } from 'zod';
import { partnerEventFact, type PartnerEventRef, type PartnerRef } from './ids.js';

/** Events of `partner-<program>-<partner>` streams. A key is named, its secret is in no event. */
export const partnerRegistered = z.object({
  program: z.string(),
  partner: z.string(),
  name: z.string(),
});
export const partnerKeyIssued = z.object({
  program: z.string(),
  partner: z.string(),
  keyId: z.string(),
});
export const partnerKeyRevoked = partnerKeyIssued;

export const schemaVersions = {
  PartnerRegistered: 1,
  PartnerKeyIssued: 1,
  PartnerKeyRevoked: 1,
  PartnerEventReceived: 1,
} as const;

export const registeredEvent = (
  { program, partner }: PartnerRef,
  name: string,
  metadata: EventMetadata,
): NewEvent =>
  newEvent(
    factId('partner', program, partner),
    0,
    {
      type: 'PartnerRegistered',
      schemaVersion: schemaVersions.PartnerRegistered,
      data: { program, partner, name },
    },
    metadata,
  );

const keyEvent =
  (type: 'PartnerKeyIssued' | 'PartnerKeyRevoked', kind: string) =>
  ({ program, partner }: PartnerRef, keyId: string, metadata: EventMetadata): NewEvent =>
    newEvent(
      factId(kind, program, partner, keyId),
      0,
      { type, schemaVersion: schemaVersions[type], data: { program, partner, keyId } },
      metadata,
    );

export const keyIssuedEvent = keyEvent('PartnerKeyIssued', 'partnerkey');
export const keyRevokedEvent = keyEvent('PartnerKeyRevoked', 'partnerkeyrevoked');

export const receivedEvent = (
  of: PartnerEventRef,
  data: PartnerEventReceived,
  metadata: EventMetadata,
): NewEvent =>
  newEvent(
    partnerEventFact(of),
    0,
    { type: 'PartnerEventReceived', schemaVersion: schemaVersions.PartnerEventReceived, data },
    metadata,
  );

export type PartnersEvent =
  | { readonly type: 'PartnerRegistered'; readonly data: z.output<typeof partnerRegistered> }
  | { readonly type: 'PartnerKeyIssued'; readonly data: z.output<typeof partnerKeyIssued> }
  | { readonly type: 'PartnerKeyRevoked'; readonly data: z.output<typeof partnerKeyRevoked> }
  | { readonly type: 'PartnerEventReceived'; readonly data: PartnerEventReceived };

/** Throws on an event that this release does not know: it must not decide on half of what is true. */
export const readPartnersEvent = (event: RecordedEvent): PartnersEvent => {
  const { type, schemaVersion, stream } = event;
  const newest = Object.entries(schemaVersions).find(([name]) => name === type)?.[1] ?? 0;
  const data: unknown = JSON.parse(event.data);
  if (schemaVersion <= newest) {
    if (type === 'PartnerRegistered') return { type, data: partnerRegistered.parse(data) };
    if (type === 'PartnerKeyIssued') return { type, data: partnerKeyIssued.parse(data) };
    if (type === 'PartnerKeyRevoked') return { type, data: partnerKeyRevoked.parse(data) };
    if (type === 'PartnerEventReceived') return { type, data: partnerEventReceived.parse(data) };
  }
  throw new Error(
    `${stream} holds ${type} of schema version ${schemaVersion}: a newer release wrote it`,
  );
};
