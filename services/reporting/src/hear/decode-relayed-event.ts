import { z } from 'zod';
import type { RelayedEvent } from '@tallystick/contracts';
import type { Instant, StreamName } from '@tallystick/kernel';
import { PoisonMessage } from '@tallystick/service-host';
import type { StreamEvent } from '../views/projection.js';

const times = z.object({ occurredAt: z.string(), recordedAt: z.string() });

/** An event that the relay published, in the form that projections fold. Throws `PoisonMessage` without its times. */
export const streamEvent = (relayed: RelayedEvent): StreamEvent => {
  const parsed = times.safeParse(relayed.metadata);
  if (!parsed.success) throw new PoisonMessage('an event without occurredAt and recordedAt');
  return {
    stream: relayed.stream as StreamName,
    revision: relayed.revision,
    position: BigInt(relayed.position),
    type: relayed.type,
    schemaVersion: relayed.schemaVersion,
    data: JSON.stringify(relayed.data),
    // Written by the store's own code, as instants.
    metadata: {
      occurredAt: parsed.data.occurredAt as Instant,
      recordedAt: parsed.data.recordedAt as Instant,
    },
  };
};
