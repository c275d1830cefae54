import { isReceipt } from '@tallystick/receipts';
import { ATTR_KNOWN, ATTR_OUTCOME, ATTR_PROGRAM, type Telemetry } from '@tallystick/telemetry';
import type { Arrival, Settled } from './settle-fact.js';
import type { SettleAnswer } from './settler.js';

/** What accrual tells of the facts that it settles. What is refused, they count who answer it: `submitReceipts` over HTTP, the consumer over the bus. */

/** Counts each receipt by its outcome, once each time that it is answered: one that waited counts again when it has its card. */
export const countReceipts = (
  telemetry: Telemetry,
  arrivals: readonly Arrival[],
  answers: readonly SettleAnswer[],
): void => {
  for (const [index, { fact }] of arrivals.entries()) {
    const answer = answers[index];
    if (answer?.kind !== 'settled' || !isReceipt(fact)) continue;
    const { outcome, known } = answer.outcome;
    telemetry.count('receipts', {
      [ATTR_PROGRAM]: fact.program,
      [ATTR_OUTCOME]: outcome,
      [ATTR_KNOWN]: known,
    });
  }
};

/** Counts receipts that were refused, each time that they are: without a programme, for what they say of one is not checked. */
export const countRefused = (telemetry: Telemetry | null, receipts: number): void => {
  for (let nth = 0; nth < receipts; nth += 1)
    telemetry?.count('receipts', { [ATTR_OUTCOME]: 'refused', [ATTR_KNOWN]: false });
};

export const timed =
  (telemetry: Telemetry, decide: (arrival: Arrival) => Settled) =>
  (arrival: Arrival): Settled => {
    const began = performance.now();
    const settled = decide(arrival);
    const seconds = (performance.now() - began) / 1000;
    telemetry.took('rating', seconds, { [ATTR_PROGRAM]: arrival.fact.program });
    return settled;
  };
