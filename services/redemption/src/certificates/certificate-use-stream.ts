import {
  factId,
  streamName,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** The own stream of a use: begun once, it pins the account and what was asked for. */
export const certificateUseStream = (program: ProgramId, use: string): StreamName =>
  streamName('certificateuse', program, use);

export const certificateUseFact = (program: ProgramId, use: string): FactId =>
  factId('certificateuse', program, use);
