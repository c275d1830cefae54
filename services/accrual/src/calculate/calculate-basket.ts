import type { CalculationV1 } from '@tallystick/contracts';
import {
  BeyondLimits,
  Exact,
  minorUnitDigits,
  type AccountId,
  type Clock,
  type Instant,
} from '@tallystick/kernel';
import { asOf, emptyAccount } from '@tallystick/ledger';
import {
  calculate,
  ownerAt,
  waitingOutcome,
  type Calculation,
  type FactOutcome,
} from '@tallystick/receipts';
import { feesIn, isSale, type ReceiptFact } from '@tallystick/rulebook';
import { hashOfReceipt } from '../intake/receipt-form.js';
import { rulebookAt, type Program, type PublishedRulebook } from '../programs/catalog.js';
import { AccountNotOpen } from '../settle/apply-pin.js';
import { budgetsLeft } from '../settle/budgets.js';
import { loadFacts } from '../settle/load-facts.js';
import { loadToRate } from '../settle/load-to-rate.js';
import type { Memory } from '../settle/memory.js';
import type { Arrival } from '../settle/settle-fact.js';
import { homeOf } from '../settle/successors.js';
import { birthdayQuestion, toldOf } from '../settle/told.js';
import { decideOrSay, isApart, isBeyondLimits, Unsettleable } from '../settle/unsettleable.js';
import { nobodyAside, setAside, waitingBefore, type Aside } from '../settle/waiting-before.js';
import { Workspace } from '../settle/workspace.js';

export interface Basket extends Omit<Arrival, 'fact'> {
  readonly fact: ReceiptFact;
}
interface Deps {
  readonly memory: Memory;
  readonly clock: Clock;
}

/** Where somebody settles the very same receipt meanwhile, what is read is whole when it is read again. */
const triesMax = 20;

/**
 * Calculates a basket on the account as it is now: what it is reduced by, and what its receipt then comes to, which is settled, and thrown
 * away in place of written. null: there is no such programme.
 */
export const calculateBasket = async (
  deps: Deps,
  basket: Basket,
): Promise<CalculationV1 | null> => {
  const aside = nobodyAside();
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryOut(deps, basket, aside);
    } catch (error) {
      if (
        error instanceof Unsettleable &&
        error.arrival.fact.id !== basket.fact.id &&
        !isApart(error)
      )
        setAside(aside, error);
      else if (isBeyond(error) && basket.beyondLimits === undefined)
        return await calculateBasket(deps, { ...basket, beyondLimits: true });
      else if (!isApart(error) || tries === triesMax) throw error;
    }
  }
};

const isBeyond = (error: unknown): boolean =>
  error instanceof BeyondLimits || (error instanceof Unsettleable && isBeyondLimits(error));

const tryOut = async (
  { memory, clock }: Deps,
  basket: Basket,
  aside: Aside,
): Promise<CalculationV1 | null> => {
  // Settling changes the accounts in hand: memory gets the spares back.
  const workspace = new Workspace(memory, { keepSpares: true });
  try {
    await loadFacts(workspace, [basket.fact]);
    const program = memory.catalog.known(basket.fact.program);
    if (program === null) return null;
    const at = clock();
    // What waited for the card comes before it, as it will for the receipt.
    for (const waiting of await waitingBefore([basket], workspace, aside))
      outcomeOf(workspace, program, waiting, at);
    const { answer, receipt } = await offerTo(workspace, program, basket, at);
    // With its prices reduced it may be known, where with the others it was not.
    await loadToRate(workspace, [receipt]);
    return settledAs(answer, outcomeOf(workspace, program, { ...basket, fact: receipt }, at));
  } finally {
    workspace.release(null);
  }
};

const outcomeOf = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  at: Instant,
): FactOutcome => {
  try {
    return decideOrSay(workspace, program, arrival, at);
  } catch (error) {
    // Its receipt is to be sent again: by then the account is open.
    if (error instanceof AccountNotOpen) return waitingOutcome(arrival.fact);
    throw error;
  }
};

/** What a till would be told if the receipt earns what it may, and that receipt. */
interface Offer {
  readonly answer: CalculationV1;
  readonly receipt: ReceiptFact;
}

const offerTo = async (
  workspace: Workspace,
  program: Program,
  { fact, beyondLimits }: Basket,
  at: Instant,
): Promise<Offer> => {
  const rulebook = rulebookAt(program, fact.occurredAt);
  if (rulebook === null || rulebook.book.currency !== fact.currency || beyondLimits === true)
    return { answer: plain(fact, rulebook), receipt: fact };
  const { book } = rulebook;
  const account = accountOf(workspace, fact);
  const state =
    account === null
      ? emptyAccount()
      : asOf(workspace.account(fact.program, account).state, at).account;
  const left = budgetsLeft(workspace, fact, book);
  const question = birthdayQuestion(workspace, state, book, fact);
  if (question !== null) await workspace.askBirthdays([question]);
  const told = toldOf(workspace, state, book, fact);
  const calculated = calculate(state, fact, book, at, left, told);
  const answer = said(rulebook, fact, calculated);
  if (account === null) return { answer: withoutMember(answer), receipt: fact };
  const hash = hashOfReceipt(calculated.receipt);
  return { answer: { ...answer, account }, receipt: { ...calculated.receipt, hash } };
};

/** The same with what became of the receipt. Where nobody gets anything for it, nobody pays less for it. */
const settledAs = (
  offer: CalculationV1,
  { outcome, reason, account, earned, reversed, lines }: FactOutcome,
): CalculationV1 => {
  const answer = account === null ? withoutMember(offer) : offer;
  const points = new Map(lines.map((line) => [line.ordinal, line.points]));
  return {
    ...answer,
    ...{ outcome, reason, earns: earned, reversed },
    lines: answer.lines.map((line) => ({ ...line, points: points.get(line.ordinal) ?? 0 })),
    awards: earned === 0 ? [] : answer.awards,
  };
};

/** Whose basket it is; null: the card is nobody's yet. */
const accountOf = (workspace: Workspace, { program, card, occurredAt }: ReceiptFact) => {
  const owner = card === null ? null : ownerAt(workspace.card(program, card), occurredAt);
  if (owner === null) return null;
  const home: AccountId = homeOf(workspace, program, owner.account);
  return workspace.account(program, home).state.opened === null ? null : home;
};

const said = (
  { ref, book }: PublishedRulebook,
  basket: ReceiptFact,
  { discounts, receipt, rating, payable, rewards, certificates }: Calculation,
): CalculationV1 => {
  const money = (minor: number): string =>
    Exact.toDecimal(Exact.ratio(BigInt(minor), 10n ** BigInt(minorUnitDigits(book.currency))));
  const sold = receipt.lines.filter(isSale);
  return {
    program: basket.program,
    account: null,
    version: ref.version,
    ...nothingYet,
    tier: rating.tier,
    lines: sold.map((line, index) => {
      const rated = rating.lines[index];
      const off = discounts.lines.find(({ ordinal }) => ordinal === line.ordinal);
      return {
        ordinal: line.ordinal,
        amount: basket.lines.find(({ ordinal }) => ordinal === line.ordinal)?.amount ?? line.amount,
        discount:
          off === undefined
            ? null
            : { percent: off.percent, by: off.by, amount: money(off.amountMinor) },
        pays: line.amount,
        points: 0,
        excluded: rated?.excluded ?? null,
      };
    }),
    discount: money(discounts.amountMinor),
    pays: Exact.toDecimal(Exact.sum(sold.map(({ amount }) => Exact.exact(amount)))),
    awards: rating.lots.map(({ rule, kind, points }) => ({ rule, kind, points })),
    payable:
      payable === null ? null : { points: payable.points, amount: money(payable.amountMinor) },
    rewards: rewards.map(({ id, name, points }) => ({ id, name, points })),
    certificates: certificates.map(({ state, paysMinor }) => ({
      ...{ certificate: state.id, rule: state.rule, value: money(state.valueMinor) },
      ...{ pays: money(paysMinor), validUntil: state.validUntil },
    })),
    memberships: feesIn(receipt, book),
  };
};

/** What the receipt's outcome says. */
const nothingYet = { outcome: 'nothing', reason: null, earns: 0, reversed: 0 } as const;

/** A basket that no version says anything about. */
const plain = (
  { program, lines }: ReceiptFact,
  rulebook: PublishedRulebook | null,
): CalculationV1 =>
  withoutMember({
    program,
    account: null,
    version: rulebook?.ref.version ?? null,
    tier: null,
    lines: lines.filter(isSale).map(({ ordinal, amount }) => ({
      ...{ ordinal, amount, discount: null, pays: amount, points: 0, excluded: null },
    })),
    ...nothingYet,
    ...{ discount: '0', pays: '0', awards: [], payable: null, rewards: [], certificates: [] },
    memberships: [],
  });

/** Without a member nothing is reduced, and nothing can be paid with points: what the receipt comes to until the card has an owner. */
const withoutMember = (answer: CalculationV1): CalculationV1 => ({
  ...answer,
  account: null,
  tier: null,
  lines: answer.lines.map((line) => ({ ...line, discount: null, pays: line.amount })),
  discount: '0',
  pays: Exact.toDecimal(Exact.sum(answer.lines.map(({ amount }) => Exact.exact(amount)))),
  awards: [],
  payable: null,
  rewards: [],
  certificates: [],
  memberships: [],
});
