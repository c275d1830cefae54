import { setTimeout as sleep } from 'node:timers/promises';
import type { EventMetadata } from '@tallystick/event-store';
import { BeyondLimits, Exact, type AccountId, type Clock, type Instant } from '@tallystick/kernel';
import { factStream, isReceipt, type Fact } from '@tallystick/receipts';
import { ReadApart } from '../settle/apply-pin.js';
import { claimFact, type ClaimDecision } from '../settle/claim-fact.js';
import { loadToRate } from '../settle/load-to-rate.js';
import type { Memory } from '../settle/memory.js';
import type { Settled } from '../settle/settle-fact.js';
import type { Settler } from '../settle/settler.js';
import { Workspace } from '../settle/workspace.js';

/** Each conflict means that somebody else wrote to the receipt or the account. */
const attemptsMax = 100;
const backoffMs = 5;

export interface ClaimParts {
  readonly memory: Memory;
  readonly settler: Settler;
  readonly clock: Clock;
}

export interface ClaimRequest {
  readonly receipt: Fact['id'];
  readonly account: AccountId;
  /** What the receipt comes to in major units, as it is printed on it; null: whoever asks need not prove that they have it. */
  readonly total: string | null;
}

export type ClaimAnswer =
  | {
      readonly kind: 'claimed';
      readonly fact: Fact;
      readonly outcome: Settled;
      readonly position: bigint;
    }
  /** There is none under this name, or not with this total: who has not seen it is not to tell the two apart. */
  | { readonly kind: 'receipt-unknown' }
  | Exclude<ClaimDecision, { kind: 'claimed' | 'known' }>;

/** Claims a receipt without a card for an account, by its number: once, whoever else claims it at the same moment. */
export const claimReceipt = async (
  parts: ClaimParts,
  request: ClaimRequest,
  metadataAt: (occurredAt: Instant) => EventMetadata,
): Promise<ClaimAnswer> => {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const answer = await attemptClaim(parts, request, metadataAt, attempt > 1);
    if (answer !== null) return answer;
    await sleep(backoffMs);
  }
  throw new Error(`others wrote the same streams ${attemptsMax} times in a row`);
};

/** null: somebody was faster, look again. */
const attemptClaim = async (
  { memory, settler, clock }: ClaimParts,
  { receipt, account, total }: ClaimRequest,
  metadataAt: (occurredAt: Instant) => EventMetadata,
  keepSpares: boolean,
): Promise<ClaimAnswer | null> => {
  const workspace = new Workspace(memory, { keepSpares });
  let appended: bigint | null = null;
  try {
    await workspace.load([factStream(receipt)]);
    const fact = workspace.fact(receipt)?.document;
    if (fact === undefined || (total !== null && !comesTo(fact, total)))
      return { kind: 'receipt-unknown' };
    await loadToRate(workspace, [fact], [account]);
    const program = workspace.program(fact.program);
    if (program === null) return { kind: 'receipt-unknown' };
    const arrival = { fact, metadata: metadataAt(fact.occurredAt) };
    const decision = claimFact(workspace, program, arrival, account, clock());
    if (decision.kind === 'known') {
      const [settled] = await settler.settle([arrival]);
      if (settled?.kind === 'away') throw settled.error;
      if (settled?.kind !== 'settled') throw new Error(`fact ${fact.id} cannot be settled`);
      const { outcome, position } = settled;
      return { kind: 'claimed', fact, outcome, position };
    }
    if (decision.kind !== 'claimed') return decision;
    const result = await memory.store.append(workspace.writes());
    if (result.kind === 'conflict') return null;
    appended = result.position;
    const outcome = { ...decision.outcome, known: false };
    return { kind: 'claimed', fact, outcome, position: appended };
  } catch (error) {
    if (error instanceof BeyondLimits) return { kind: 'not-claimable', reason: 'beyond-limit' };
    // Somebody settled it between the reading of its own stream and that of the account.
    if (error instanceof ReadApart) return null;
    throw error;
  } finally {
    workspace.release(appended);
  }
};

/** Whether this is what the receipt's lines come to. */
const comesTo = (fact: Fact, total: string): boolean =>
  isReceipt(fact) &&
  Exact.compare(
    Exact.sum(fact.lines.map(({ amount }) => Exact.exact(amount))),
    Exact.exact(total),
  ) === 0;
