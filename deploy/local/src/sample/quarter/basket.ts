import type { ReceiptV1Input } from '@tallystick/contracts';
import { assortment, type Product } from './assortment.js';
import type { Random } from './random.js';

type Line = ReceiptV1Input['lines'][number];

/** A line as the till sends it, with what the generator has to remember of it. */
export interface BasketLine {
  readonly line: Line;
  readonly product: Product;
  /** Pieces; grams where the product is weighed. */
  readonly units: number;
  /** What the line comes to, after its discount. */
  readonly netPence: number;
}

const goods = assortment.filter(({ category }) => category !== 'gift-card');
const excludedCategories = new Set(['tobacco', 'gift-card', 'non-goods']);
const giftCardsOnOfferPercent = 30;
const offers = [10, 20, 30] as const;

/** `1250` as `12.50`; a negative amount keeps its sign. */
export const pounds = (pence: number): string => {
  const digits = String(Math.abs(pence)).padStart(3, '0');
  return `${pence < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

/** Some lines, small baskets more often than large ones, that come to more than `abovePence`. */
export const basket = (random: Random, linesMax: number, abovePence: number): BasketLine[] => {
  const count = Math.min(random.between(1, linesMax), random.between(1, linesMax));
  const lines: BasketLine[] = [];
  while (lines.length < count || totalPence(lines) <= abovePence) {
    const product = random.weighted(random.chance(giftCardsOnOfferPercent) ? assortment : goods);
    lines.push(sale(random, lines.length + 1, product));
  }
  return lines;
};

const sale = (random: Random, ordinal: number, product: Product): BasketLine =>
  product.weighed
    ? weighedSale(ordinal, product, random.between(120, 1_900))
    : piecesSale(
        ordinal,
        product,
        random.chance(78) ? 1 : random.between(2, 4),
        random.chance(6) ? random.pick(offers) : 0,
      );

const weighedSale = (ordinal: number, product: Product, grams: number): BasketLine => {
  const netPence = Math.round((product.pricePence * grams) / 1_000);
  const line = {
    ...head(ordinal, product),
    quantity: `${Math.floor(grams / 1_000)}.${String(grams % 1_000).padStart(3, '0')}`,
    unitPrice: pounds(product.pricePence),
    amount: pounds(netPence),
  };
  return { line, product, units: grams, netPence };
};

const piecesSale = (
  ordinal: number,
  product: Product,
  pieces: number,
  offPercent: number,
): BasketLine => {
  const grossPence = product.pricePence * pieces;
  const offPence = Math.floor((grossPence * offPercent) / 100);
  const line = {
    ...head(ordinal, product),
    quantity: String(pieces),
    unitPrice: pounds(product.pricePence),
    ...(offPence === 0
      ? {}
      : { discounts: [{ amount: pounds(offPence), reason: `${offPercent}% off` }] }),
  };
  return { line, product, units: pieces, netPence: grossPence - offPence };
};

/** Goods that come back: some pieces of a line that was sold, at what was paid for them. */
export const returnOf = (
  ordinal: number,
  sold: BasketLine,
  pieces: number,
  original: Line['original'],
): BasketLine => {
  const netPence = -Math.round((sold.netPence * pieces) / sold.units);
  const line = {
    ...head(ordinal, sold.product),
    quantity: `-${pieces}`,
    amount: pounds(netPence),
    ...(original === undefined ? {} : { original }),
  };
  return { line, product: sold.product, units: -pieces, netPence };
};

/** What of a basket's sold lines counts for points, in pence. */
export const countingPence = (lines: readonly BasketLine[]): number =>
  lines.reduce(
    (sum, { product, netPence }) =>
      netPence > 0 && !excludedCategories.has(product.category) ? sum + netPence : sum,
    0,
  );

export const totalPence = (lines: readonly BasketLine[]): number =>
  lines.reduce((sum, { netPence }) => sum + netPence, 0);

const head = (ordinal: number, product: Product) => ({
  ordinal,
  product: product.sku,
  description: product.name,
  category: product.category,
  ...(product.brand === null ? {} : { brand: product.brand }),
  vatRate: product.vatRate,
});
