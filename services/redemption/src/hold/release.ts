import { contentHash } from '@tallystick/event-store';
import { factId, type AccountId, type Points, type ProgramId } from '@tallystick/kernel';
import { decideRelease, valuation, type ArrearsPolicy } from '@tallystick/ledger';
import {
  carryOut,
  recall,
  type Cause,
  type Means,
  type Order,
  type Outcome,
} from '../orders/order.js';
import { readPin } from '../orders/pin.js';
import { closed, forgotten, type HoldRefusal } from './capture.js';
import { holdFact, holdStream } from './hold-stream.js';

export interface Released {
  readonly hold: string;
  readonly program: ProgramId;
  /** The account that had the hold: the one that it was placed on, or its successor. */
  readonly account: AccountId;
  readonly points: Points.Points;
  /** What of them paid what the account owed. */
  readonly arrearsPaid: number;
  readonly available: Points.Points;
}

/** Gives back what a hold still reserves, once. The fact is caller and key, on the hold that it names. */
export const release = async (
  means: Means,
  caller: string,
  key: string,
  { program, hold }: { readonly program: ProgramId; readonly hold: string },
  cause: Cause,
): Promise<Outcome<Released, HoldRefusal>> => {
  const pin = await readPin(means.store, holdStream(program, hold));
  if (pin === null) return { kind: 'hold-unknown' };
  const policy = await means.programs.arrearsPolicy(program, means.clock());
  const name = contentHash({ caller, key }).slice(0, 32);
  const order = orderFor(program, hold, name, cause, policy);
  const outcome = await carryOut(means, order, pin.account);
  if (outcome.kind !== 'hold-unknown') return outcome;
  // The account has forgotten the hold, or never had it; its events tell.
  return (await recall(means.store, order, pin.account)) ?? forgotten(means, program, hold);
};

const orderFor = (
  program: ProgramId,
  hold: string,
  name: string,
  cause: Cause,
  arrearsPolicy: ArrearsPolicy | undefined,
): Order<Released, HoldRefusal> => {
  const fact = factId('release', program, hold, name);
  const factHash = contentHash({ program, hold });
  return {
    ...{ program, fact, cause, firstOrdinal: 0 },
    decide: (state, at) => {
      const policy = arrearsPolicy === undefined ? {} : { arrearsPolicy };
      const command = { fact, factHash, hold: holdFact(program, hold), ...policy };
      const decision = decideRelease(state, command, at);
      switch (decision.kind) {
        case 'released':
          return { kind: 'write', events: [decision.event] };
        case 'unknown-hold':
          return { kind: 'refused', refusal: { kind: 'hold-unknown' } };
        case 'closed':
          return { kind: 'refused', refusal: closed(decision.status) };
        default:
          return decision;
      }
    },
    owns: (event) => event.type === 'HoldReleased' && event.data.fact === fact,
    tell: ([event], after) => {
      if (event?.type !== 'HoldReleased' || after.opened === null)
        throw new Error('a release is told from its event on an account');
      const { points, arrearsPaid: paid, occurredAt } = event.data;
      const arrearsPaid = paid.reduce((sum, { points: of }) => sum + of, 0);
      const { available } = valuation(after, occurredAt);
      return { hold, program, account: after.opened.account, points, arrearsPaid, available };
    },
  };
};
