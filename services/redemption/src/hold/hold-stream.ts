import {
  factId,
  streamName,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** A hold's own stream: begun once, it pins the account and what was asked for. */
export const holdStream = (program: ProgramId, hold: string): StreamName =>
  streamName('hold', program, hold);

export const holdFact = (program: ProgramId, hold: string): FactId => factId('hold', program, hold);

/** What a hold's fact, or that of a capture, calls it: the last part of the name. */
export const idOfFact = (fact: FactId): string => fact.slice(fact.lastIndexOf('/') + 1);
