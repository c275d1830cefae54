import {
  contentHash,
  newEvent,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import {
  Points,
  ledgerStream,
  type AccountId,
  type Clock,
  type ProgramId,
} from '@tallystick/kernel';
import { decideRedeem, valuation, type MergedAway } from '@tallystick/ledger';
import type { InTurn } from '../accounts/in-turn.js';
import { loadAccount, type Loaded } from '../accounts/ledger.js';
import {
  readRequest,
  redemptionFact,
  redemptionIdOf,
  redemptionStream,
  type RedemptionRequested,
} from './redemption-stream.js';

export interface RedeemRequest {
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly points: Points.Points;
  readonly kind: string;
  readonly reference: string;
}

export interface Redeemed {
  readonly redemption: string;
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly points: Points.Points;
  /** What was available right after it. */
  readonly available: Points.Points;
}

export type RedeemAnswer =
  | { readonly kind: 'redeemed'; readonly redeemed: Redeemed; readonly position: bigint }
  | { readonly kind: 'insufficient'; readonly available: Points.Points }
  | { readonly kind: 'account-unknown' }
  /** It became part of another account, which answers for it from then on. */
  | MergedAway
  | { readonly kind: 'key-reused' };

/**
 * Other processes write the same account: each conflict means that one of them made progress. Who lost tries again
 * at once, and reads only what is new: so it is not behind the winner, who would win again and again.
 */
export const attemptsMax = 200;

/** Spends points once for a caller's key: never more than are available, whoever else spends at the same moment. */
export const redeem = async (
  deps: { readonly store: EventStore; readonly clock: Clock; readonly turns: InTurn },
  caller: string,
  key: string,
  request: RedeemRequest,
  metadata: Omit<EventMetadata, 'program' | 'occurredAt' | 'recordedAt'>,
): Promise<RedeemAnswer> =>
  deps.turns.run(ledgerStream(request.program, request.account), async () => {
    const { store, clock } = deps;
    const id = redemptionIdOf(request.program, caller, key);
    const stream = redemptionStream(request.program, id);
    const fact = redemptionFact(request.program, id);
    const hash = contentHash(request);
    const data: RedemptionRequested = { redemption: id, hash, ...request };
    const seen: { available: Points.Points; position: bigint }[] = [];
    let begun = await readRequest(store, stream);
    let account: Loaded | undefined;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      if (begun !== null && begun.request.hash !== hash) return { kind: 'key-reused' };
      account = await loadAccount(
        store,
        request.program,
        request.account,
        (event, recorded, after) => {
          if (event.type !== 'PointsRedeemed' || event.data.redemption !== fact) return;
          const { available } = valuation(after, event.data.occurredAt);
          seen.push({ available, position: recorded.position });
        },
        account,
      );
      const done = (available: Points.Points, position: bigint): RedeemAnswer => ({
        kind: 'redeemed',
        redeemed: {
          redemption: id,
          program: request.program,
          account: request.account,
          points: request.points,
          available,
        },
        position,
      });
      const [known] = seen;
      if (known !== undefined) return done(known.available, known.position);

      const at = clock();
      const { points, kind, reference } = request;
      const decision = decideRedeem(
        account.state,
        { redemption: fact, factHash: hash, points, kind, reference },
        at,
      );
      switch (decision.kind) {
        case 'unopened':
          return { kind: 'account-unknown' };
        case 'insufficient':
        case 'merged':
          return decision;
        case 'known':
        case 'conflict':
          throw new Error(`redemption ${id} is on the account and was not seen on its stream`);
        case 'redeemed':
      }
      const envelope = { ...metadata, program: request.program, occurredAt: at, recordedAt: at };
      const result = await store.append([
        ...(begun === null
          ? [
              {
                stream,
                expected: 'noStream' as const,
                events: [newEvent(fact, 0, { type: 'RedemptionRequested', data }, envelope)],
              },
            ]
          : []),
        {
          stream: account.stream,
          expected: account.revision,
          events: [
            newEvent(fact, 1, { type: decision.event.type, data: decision.event.data }, envelope),
          ],
        },
      ]);
      if (result.kind !== 'conflict') {
        const { available } = valuation(account.state, at);
        return done(Points.minus(available, request.points), result.position);
      }
      if (result.stream === stream) begun = await readRequest(store, stream);
    }
    throw new Error(`the account was written by others ${attemptsMax} times in a row`);
  });
