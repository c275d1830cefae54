import { programId, type Clock, type ProgramId } from '@tallystick/kernel';
import type { EventMetadata } from '@tallystick/event-store';
import { mayProgram, metadata, type Caller, type RequestContext } from '@tallystick/service-host';

/** Who does something in a programme now. */
export interface Acting {
  readonly program: ProgramId;
  /** A token's subject. */
  readonly by: string;
  /** Of the events that come of it. */
  readonly metadata: EventMetadata;
}

/** Throws the problem `forbidden` where the caller may not act in this programme. */
export const acting = (
  clock: Clock,
  program: string,
  caller: Caller,
  context: RequestContext,
): Acting => {
  mayProgram(caller, program);
  const of = { program: programId(program), occurredAt: clock() };
  return { program: of.program, by: caller.subject, metadata: metadata(context, of, clock) };
};
