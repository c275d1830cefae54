import { z } from 'zod';
import type { EventStore } from '@tallystick/event-store';
import {
  factId,
  Points,
  streamName,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { pinned, readFirst, type ReadPin } from '../orders/pin.js';

/** A hold's own stream: begun once, it pins the account and what was asked for. */
export const holdStream = (program: ProgramId, hold: string): StreamName =>
  streamName('hold', program, hold);

export const holdFact = (program: ProgramId, hold: string): FactId => factId('hold', program, hold);

/** What a hold's fact, or that of a capture, calls it: the last part of the name. */
export const idOfFact = (fact: FactId): string => fact.slice(fact.lastIndexOf('/') + 1);

/** What a hold was asked to reserve, and what for. */
export interface HoldPin extends ReadPin {
  readonly kind: string;
  readonly points: Points.Points;
}

const requested = pinned.extend({ kind: z.string(), points: z.int().transform(Points.points) });

/** Null: there is no such hold. */
export const readHoldPin = async (
  store: EventStore,
  program: ProgramId,
  hold: string,
): Promise<HoldPin | null> => {
  const first = await readFirst(store, holdStream(program, hold));
  return first === null ? null : { ...requested.parse(first.data), begunAt: first.at };
};
