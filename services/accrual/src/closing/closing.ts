import { z } from 'zod';
import type { EventStore } from '@tallystick/event-store';
import {
  factId,
  instant,
  localDate,
  programId,
  streamName,
  type FactId,
  type LocalDate,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** The closing of a period has a stream of its own: asked for once for a programme and the period's last day. */
export const closingStream = (program: ProgramId, through: LocalDate): StreamName =>
  streamName('closing', program, through);

export const closingFact = (program: ProgramId, through: LocalDate): FactId =>
  factId('closing', program, through);

export const closingRequested = z.object({
  program: z.string().transform(programId),
  /** The period's last day, in the programme's own zone. */
  through: z.string().transform(localDate),
  /** The moment at which that day ends. */
  until: z.string().transform(instant),
  /** The beginning of the return window, counted back from there: what is older need not be remembered. */
  keepFrom: z.string().transform(instant),
  /** A token's subject, never a name. */
  requestedBy: z.string(),
});
export type ClosingRequested = z.output<typeof closingRequested>;

/** What was asked for; null where nobody has. */
export const readClosing = async (
  store: EventStore,
  program: ProgramId,
  through: LocalDate,
): Promise<{ readonly asked: ClosingRequested; readonly position: bigint } | null> => {
  for await (const { data, position } of store.readStream(closingStream(program, through)))
    return { asked: closingRequested.parse(JSON.parse(data)), position };
  return null;
};
