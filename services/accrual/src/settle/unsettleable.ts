import { AppendRefused } from '@tallystick/event-store';
import { BeyondLimits, WrittenByNewer, type Instant } from '@tallystick/kernel';
import { ServiceAway } from '@tallystick/service-host';
import type { Program } from '../programs/catalog.js';
import { AccountNotOpen, ReadApart } from './apply-pin.js';
import { settleFact, type Arrival, type Settled } from './settle-fact.js';
import type { Workspace } from './workspace.js';

/** Deciding threw: it would throw again, whenever it is tried. The workspace holds half a decision and must not be used. */
export class Unsettleable extends Error {
  constructor(
    readonly arrival: Arrival,
    cause: unknown,
  ) {
    super(`fact ${arrival.fact.id} cannot be settled`, { cause });
  }
}

/** Membership is late, a newer release has written, or another service is away: all of them end. */
const passes = [AccountNotOpen, WrittenByNewer, ServiceAway];

export const decideOrSay = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  at: Instant,
): Settled => {
  try {
    return settleFact(workspace, program, arrival, at);
  } catch (error) {
    if (passes.some((kind) => error instanceof kind)) throw error;
    throw new Unsettleable(arrival, error);
  }
};

export const isApart = (error: unknown): error is Unsettleable =>
  error instanceof Unsettleable && error.cause instanceof ReadApart;

/** It brings more than an account takes, or an amount of money holds: said so, it can be settled. */
export const isBeyondLimits = (error: Unsettleable): boolean => error.cause instanceof BeyondLimits;

/** What the store would never take is nobody's fault but one fact's: together with others it may only have been too much. */
export const orTooLarge =
  ([first]: readonly Arrival[]) =>
  (error: unknown): never => {
    if (error instanceof AppendRefused && first !== undefined) throw new Unsettleable(first, error);
    throw error;
  };

/** Decides facts in order, up to the first that cannot be. */
export const firstFault = (
  arrivals: readonly Arrival[],
  decide: (arrival: Arrival) => Settled,
): Unsettleable | null => {
  for (const arrival of arrivals) {
    try {
      decide(arrival);
    } catch (error) {
      if (error instanceof Unsettleable && !isApart(error)) return error;
      throw error;
    }
  }
  return null;
};
