import { z } from 'zod';
import type { RelayedEvent } from '@tallystick/contracts';
import { instant, programId } from '@tallystick/kernel';
import type { RequestHeard } from './requests-view.js';

const envelope = z.object({ program: z.string(), recordedAt: z.string() });
const fields = z.record(z.string(), z.unknown());

/**
 * Reads of an event where the request that it is of stands; null for events of anything else. `id` names the request in the data,
 * `statusAfter` says what each type of event leaves behind.
 */
export const requestHeard =
  (id: string, statusAfter: Readonly<Record<string, string>>) =>
  ({ type, data, metadata, revision }: RelayedEvent): RequestHeard | null => {
    const status = Object.hasOwn(statusAfter, type) ? statusAfter[type] : undefined;
    if (status === undefined) return null;
    const { program, recordedAt } = envelope.parse(metadata);
    return {
      program: programId(program),
      id: z.string().parse(fields.parse(data)[id]),
      ...{ revision, status, at: instant(recordedAt) },
    };
  };
