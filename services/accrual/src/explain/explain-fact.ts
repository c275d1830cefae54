import type { ReceiptExplanation } from '@tallystick/contracts';
import { sha256 } from '@tallystick/event-store';
import type { FactId } from '@tallystick/kernel';
import { givenBack, type EarningRerated, type PointsEarned } from '@tallystick/ledger';
import {
  explainEarning,
  factStream,
  isReceipt,
  linesOf,
  revisionOf,
  waitingOutcome,
  type Fact,
} from '@tallystick/receipts';
import { feesIn, type Rulebook } from '@tallystick/rulebook';
import { rulebookOf } from '../programs/catalog.js';
import { loadFacts } from '../settle/load-facts.js';
import type { Memory } from '../settle/memory.js';
import { outcomeOfPin } from '../settle/outcome-of-pin.js';
import { chainOf } from '../settle/successors.js';
import { Workspace } from '../settle/workspace.js';

/** Why a fact earned what it earned, whatever it is called outside. */
export type FactExplanation = Omit<ReceiptExplanation, 'receipt'>;

/** Makes again why the newest revision of a fact earned what it earned; null when there is no such fact. Writes nothing. */
export const explainFact = async (memory: Memory, id: FactId): Promise<FactExplanation | null> => {
  const workspace = new Workspace(memory);
  try {
    await workspace.load([factStream(id)]);
    const state = workspace.fact(id);
    if (state === null) return null;
    const { document: fact, pin } = state;
    if (pin === null) {
      const { outcome, reason } = waitingOutcome(fact);
      return { outcome, reason, awards: [] };
    }
    await loadFacts(workspace, [fact]);
    const program = memory.catalog.known(fact.program);
    if (program === null) throw new Error(`program ${fact.program} was not read`);
    const accounts = new Set(
      pin.parts.flatMap(({ account }) => chainOf(workspace, fact.program, account)),
    );
    const earnings = [...accounts]
      .flatMap((account) => workspace.account(fact.program, account).appliedBy(id))
      .filter(
        (event): event is PointsEarned | EarningRerated =>
          event.type !== 'EarnReversed' && event.data.factRevision === revisionOf(fact),
      );
    const { outcome, reason } = outcomeOfPin(workspace, fact, pin);
    return {
      ...{ outcome, reason },
      awards: earnings.map(({ type, data }) => {
        const { book } = rulebookOf(program, data.rulebook);
        return {
          rerating:
            type === 'EarningRerated'
              ? { rerating: data.run, from: data.from, reason: data.reason }
              : null,
          points: data.points,
          givenBack:
            type === 'EarningRerated'
              ? []
              : givenBack(data).map(({ fact: receipt, points }) => ({ receipt, points })),
          rulebook: data.rulebook,
          memberships: type === 'EarningRerated' ? [] : feesOf(fact, data, book),
          ...explainEarning(fact, data, book, sha256),
        };
      }),
    };
  } finally {
    workspace.release(workspace.newestPosition());
  }
};

/** A run that rates again leaves memberships as they are. */
const feesOf = (fact: Fact, { lines }: PointsEarned['data'], book: Rulebook) =>
  isReceipt(fact)
    ? feesIn(
        linesOf(
          fact,
          lines.map(({ ordinal }) => ordinal),
        ),
        book,
      )
    : [];
