import type { CalculationV1 } from '@tallystick/contracts';
import {
  BeyondLimits,
  Exact,
  minorUnitDigits,
  type AccountId,
  type Clock,
} from '@tallystick/kernel';
import { asOf, emptyAccount } from '@tallystick/ledger';
import { calculate, ownerAt, type Calculation } from '@tallystick/receipts';
import { isSale, type ReceiptFact } from '@tallystick/rulebook';
import { rulebookAt, type PublishedRulebook } from '../programs/catalog.js';
import { budgetsLeft } from '../settle/budgets.js';
import { loadFacts } from '../settle/load-facts.js';
import type { Memory } from '../settle/memory.js';
import { homeOf } from '../settle/successors.js';
import { birthdayQuestion, toldOf } from '../settle/told.js';
import { Workspace } from '../settle/workspace.js';

export type BasketAnswer =
  | { readonly kind: 'calculated'; readonly calculation: CalculationV1 }
  | { readonly kind: 'program-unknown' }
  | { readonly kind: 'no-rulebook-in-force' }
  | { readonly kind: 'other-currency'; readonly currency: string }
  /** It comes to more points, or more money, than are counted. */
  | { readonly kind: 'beyond-limit' };

/** Calculates a basket on the account as it is now, by what rates the receipt afterwards. Writes nothing. */
export const calculateBasket = async (
  { memory, clock }: { readonly memory: Memory; readonly clock: Clock },
  basket: ReceiptFact,
): Promise<BasketAnswer> => {
  const workspace = new Workspace(memory);
  try {
    await loadFacts(workspace, [basket]);
    const program = memory.catalog.known(basket.program);
    if (program === null) return { kind: 'program-unknown' };
    const rulebook = rulebookAt(program, basket.occurredAt);
    if (rulebook === null) return { kind: 'no-rulebook-in-force' };
    const { book } = rulebook;
    if (book.currency !== basket.currency)
      return { kind: 'other-currency', currency: book.currency };
    const account = accountOf(workspace, basket);
    const at = clock();
    const state =
      account === null
        ? emptyAccount()
        : asOf(workspace.account(basket.program, account).state, at).account;
    const left = budgetsLeft(workspace, basket, book);
    const question = birthdayQuestion(workspace, state, book, basket);
    if (question !== null) await workspace.askBirthdays([question]);
    const told = toldOf(workspace, state, book, basket);
    const answer = said(rulebook, basket, calculate(state, basket, book, at, left, told));
    return {
      kind: 'calculated',
      calculation: account === null ? withoutMember(answer, basket) : { ...answer, account },
    };
  } catch (error) {
    if (error instanceof BeyondLimits) return { kind: 'beyond-limit' };
    throw error;
  } finally {
    workspace.release(workspace.newestPosition());
  }
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
        points: (rated?.points ?? []).reduce((sum, points) => sum + points, 0),
        excluded: rated?.excluded ?? null,
      };
    }),
    discount: money(discounts.amountMinor),
    pays: Exact.toDecimal(Exact.sum(sold.map(({ amount }) => Exact.exact(amount)))),
    earns: rating.lots.reduce((sum, { points }) => sum + points, 0),
    awards: rating.lots.map(({ rule, kind, points }) => ({ rule, kind, points })),
    reason: rating.reason,
    payable:
      payable === null ? null : { points: payable.points, amount: money(payable.amountMinor) },
    rewards: rewards.map(({ id, name, points }) => ({ id, name, points })),
    certificates: certificates.map(({ state, paysMinor }) => ({
      ...{ certificate: state.id, rule: state.rule, value: money(state.valueMinor) },
      ...{ pays: money(paysMinor), validUntil: state.validUntil },
    })),
  };
};

/** Without a member nothing is reduced and nothing earned: what the receipt will come to until the card has an owner. */
const withoutMember = (answer: CalculationV1, { card }: ReceiptFact): CalculationV1 => ({
  ...answer,
  tier: null,
  lines: answer.lines.map((line) => ({ ...line, discount: null, pays: line.amount, points: 0 })),
  discount: '0',
  pays: Exact.toDecimal(Exact.sum(answer.lines.map(({ amount }) => Exact.exact(amount)))),
  earns: 0,
  awards: [],
  reason: card === null ? 'no-card' : 'card-unknown',
  payable: null,
  rewards: [],
  certificates: [],
});
