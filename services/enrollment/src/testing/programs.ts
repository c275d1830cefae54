import type { RulebookPublished } from '@tallystick/contracts';
import { newEvent } from '@tallystick/event-store';
import { factId, instant, programId, streamName } from '@tallystick/kernel';
import type { TestService } from '@tallystick/testing/service';

/** Publishes a programme as accrual does. Returns the event's position. */
export const publishProgram = async (
  { store, caughtUp }: TestService,
  program: string,
  { wait = true, document = {} }: { readonly wait?: boolean; readonly document?: object } = {},
): Promise<bigint> => {
  const at = instant('2026-01-01T00:00:00Z');
  const data = {
    program,
    version: 1,
    hash: 'h',
    effectiveFrom: at,
    document: JSON.stringify(document),
  } satisfies RulebookPublished;
  const result = await store.append([
    {
      stream: streamName('program', program),
      expected: 'noStream',
      events: [
        newEvent(
          factId('rulebook', program, '1'),
          0,
          { type: 'RulebookPublished', data },
          {
            program: programId(program),
            occurredAt: at,
            recordedAt: at,
            actor: 'manager:maria',
            correlationId: 'c',
          },
        ),
      ],
    },
  ]);
  if (result.kind === 'conflict') throw new Error('the programme was published before');
  if (wait) await caughtUp();
  return result.position;
};
