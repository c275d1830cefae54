import {
  calculationV1,
  receiptExplanation,
  receiptOutcome,
  type CalculationV1,
  type ReceiptOutcome,
  type ReceiptV1Input,
} from '@tallystick/contracts';
import { Exact } from '@tallystick/kernel';
import { explanationWords } from '@tallystick/programmes';
import type { Client } from './client.js';

/** A basket that a till asked about, and what its receipt then earned. */
export interface AskedSale {
  readonly receipt: ReceiptV1Input;
  /** null: an earlier run has sold it. */
  readonly told: CalculationV1 | null;
  readonly outcome: ReceiptOutcome;
}

/** Asks what a basket comes to, and sells it for that. What an earlier run has sold stays as it was sold. */
export const askAndSell = async (client: Client, basket: ReceiptV1Input): Promise<AskedSale> => {
  const known = await client.call({
    ...{ service: 'accrual', method: 'GET', path: `/v1/receipts?${nameOf(basket)}` },
    answer: receiptOutcome,
  });
  if (known.ok) return { receipt: basket, told: null, outcome: known.value };
  if (known.type !== 'receipt-unknown') throw new Error(known.message);
  const { value: told } = await client.expect({
    ...{ service: 'accrual', method: 'POST', path: '/v1/receipts/calculate' },
    ...{ body: JSON.stringify(basket), answer: calculationV1 },
  });
  const receipt: ReceiptV1Input = {
    ...basket,
    lines: basket.lines.map((line) => {
      const pays = told.lines.find(({ ordinal }) => ordinal === line.ordinal)?.pays;
      return pays === undefined ? line : { ...line, amount: pays };
    }),
    tenders: [{ kind: 'card', amount: told.pays }],
  };
  const { value: outcome } = await client.expect({
    ...{ service: 'accrual', method: 'POST', path: '/v1/receipts' },
    ...{ body: JSON.stringify(receipt), answer: receiptOutcome },
  });
  return { receipt, told, outcome };
};

/** An award, and why it is so. */
export interface ExplainedAward {
  /** Which receipt, and what its till was told. */
  readonly what: string;
  /** The tree, line by line. */
  readonly why: readonly string[];
}

/** The first baskets are of the best customers, whose level gives them something. */
const bestMax = 4;

/** Why, of the best customers' sales, the one that earned most earned what it earned; null when none earned anything. */
export const explainOne = async (
  client: Client,
  sales: readonly AskedSale[],
): Promise<ExplainedAward | null> => {
  const [sale] = sales.slice(0, bestMax).sort((a, b) => b.outcome.earned - a.outcome.earned);
  if (sale === undefined || sale.outcome.earned === 0) return null;
  const { receipt } = sale;
  const { value } = await client.expect({
    ...{ service: 'accrual', method: 'GET', path: `/v1/receipts/explanation?${nameOf(receipt)}` },
    answer: receiptExplanation,
  });
  const { store, number, businessDate } = receipt;
  const paid = value.awards[0]?.explanation?.lines.map(({ amount }) => amount) ?? [];
  const price = receipt.lines.map(({ quantity, unitPrice = '0' }) =>
    Exact.multiply(Exact.exact(quantity), Exact.exact(unitPrice)),
  );
  const sold = `${Exact.toDecimal(Exact.sum(paid.map(Exact.exact)))} instead of ${Exact.toDecimal(Exact.sum(price))} GBP`;
  return {
    what: `receipt ${number} of ${businessDate}, ${store}: ${sold}, as its till was told`,
    why: explanationWords(value),
  };
};

const nameOf = ({ program, chain, store, till, number, businessDate }: ReceiptV1Input): string =>
  new URLSearchParams({ program, chain, store, till, number, businessDate }).toString();
