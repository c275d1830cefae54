import type { RetailLine } from './retail-file.js';

/**
 * What a programme of one point a pound should make of the raw file, computed a second time: plain loops over plain
 * objects, by the words of the design and by none of our code. Money is in thousandths of a penny.
 */

const perPound = 100_000n;
const perPenny = 1_000n;

/** What a level of a ladder multiplies points by, from a spend (in pence) on. A flat programme has one level. */
export interface Level {
  readonly fromPence: bigint;
  readonly times: bigint;
  readonly over: bigint;
}

export interface CardPoints {
  earned: bigint;
  reversed: bigint;
}

/** How often each reason was given; '' where there is none to give. */
export type Counts = Record<string, Record<string, number>>;

export interface Computed {
  readonly cards: Map<string, CardPoints>;
  readonly lines: Counts;
  readonly receipts: Counts;
  readonly earned: bigint;
  readonly reversed: bigint;
  /** How many sold receipts each level rated, in the order of the levels. */
  readonly ratedAtLevel: number[];
}

/** A sold line, and what of it has come back. */
interface SoldLine {
  product: string;
  quantity: bigint;
  points: bigint;
  pence: bigint;
  returned: bigint;
  pointsBack: bigint;
  penceBack: bigint;
}

interface Sale {
  time: string;
  lines: SoldLine[];
}

interface Card extends CardPoints {
  /** In the order of the file. */
  sales: Sale[];
  penceOfYear: Record<string, bigint>;
}

const notGoods = ['POST', 'DOT', 'D', 'M', 'm', 'S', 'C2', 'PADS', 'BANK CHARGES', 'AMAZONFEE'];
export const isGoods = (product: string): boolean =>
  !notGoods.includes(product) && !product.startsWith('gift_0001_');

export const compute = (file: readonly RetailLine[], levels: readonly Level[]): Computed => {
  const cards = new Map<string, Card>();
  const lines: Counts = {};
  const receipts: Counts = {};
  const ratedAtLevel = levels.map(() => 0);
  let earned = 0n;
  let reversed = 0n;

  for (const invoice of invoicesOf(file)) {
    const [first] = invoice;
    if (first === undefined) throw new Error('an invoice without lines');
    if (first.invoice.startsWith('A'))
      throw new Error('a bad debt: this half of the file has none');

    if (first.card === null) {
      for (const _ of invoice) count(lines, 'nothing', 'no-card');
      count(receipts, 'nothing', 'no-card');
      continue;
    }
    const card = cards.get(first.card) ?? { earned: 0n, reversed: 0n, sales: [], penceOfYear: {} };
    cards.set(first.card, card);

    if (first.invoice.startsWith('C')) {
      const points = takeBack(card, invoice, lines, receipts);
      card.reversed += points;
      reversed += points;
    } else {
      const level = levelOf(levels, card.penceOfYear[yearOf(first)] ?? 0n);
      ratedAtLevel[level] = (ratedAtLevel[level] ?? 0) + 1;
      const points = sell(card, invoice, levels[level], lines, receipts);
      card.earned += points;
      earned += points;
    }
  }
  return { cards, lines, receipts, earned, reversed, ratedAtLevel };
};

/** The lines of each invoice, whole, in the order of its first line: one of them stands in two places. */
export const invoicesOf = (file: readonly RetailLine[]): RetailLine[][] => {
  const invoices = new Map<string, RetailLine[]>();
  for (const line of file) {
    const known = invoices.get(line.invoice);
    if (known === undefined) invoices.set(line.invoice, [line]);
    else known.push(line);
  }
  return [...invoices.values()];
};

const sell = (
  card: Card,
  invoice: readonly RetailLine[],
  level: Level | undefined,
  lines: Counts,
  receipts: Counts,
): bigint => {
  const [first] = invoice;
  if (first === undefined || level === undefined) throw new Error('nothing to sell, or no level');
  const amounts: bigint[] = [];
  for (const line of invoice) {
    if (line.quantity < 0n) throw new Error(`invoice ${line.invoice} has a negative quantity`);
    const amount = line.quantity * line.price;
    amounts.push(isGoods(line.product) ? amount : 0n);
    if (!isGoods(line.product)) count(lines, 'nothing', 'excluded-category:non-goods');
    else if (amount === 0n) count(lines, 'nothing', 'free');
    else count(lines, 'earned', '');
  }
  const total = sum(amounts);
  // Rounded down, once per receipt.
  const points = (total * level.times) / (level.over * perPound);
  const pence = halfEven(total, perPenny);
  const pointsOfLines = split(points, amounts);
  const penceOfLines = split(pence, amounts);
  card.sales.push({
    time: first.time,
    lines: invoice.map((line, index) => ({
      product: line.product,
      quantity: line.quantity,
      points: pointsOfLines[index] ?? 0n,
      pence: penceOfLines[index] ?? 0n,
      returned: 0n,
      pointsBack: 0n,
      penceBack: 0n,
    })),
  });
  const year = yearOf(first);
  card.penceOfYear[year] = (card.penceOfYear[year] ?? 0n) + pence;
  if (points > 0n) count(receipts, 'awarded', '');
  else count(receipts, 'nothing', total > 0n ? 'below-one-point' : 'only-excluded-or-free-lines');
  return points;
};

const takeBack = (
  card: Card,
  invoice: readonly RetailLine[],
  lines: Counts,
  receipts: Counts,
): bigint => {
  const [first] = invoice;
  if (first === undefined) throw new Error('nothing to take back');
  let points = 0n;
  let anythingFound = false;
  for (const line of invoice) {
    if (line.quantity >= 0n) throw new Error(`invoice ${line.invoice} returns a positive quantity`);
    const wanted = -line.quantity;
    let open = wanted;
    // Newest receipt first; of receipts of one time, the one that stands later in the file.
    for (let at = card.sales.length - 1; at >= 0 && open > 0n; at -= 1) {
      const sale = card.sales[at];
      if (sale === undefined || sale.time > first.time) continue;
      for (const sold of sale.lines) {
        if (sold.product !== line.product || open === 0n) continue;
        const held = sold.quantity - sold.returned;
        const quantity = held < open ? held : open;
        if (quantity === 0n) continue;
        open -= quantity;
        sold.returned += quantity;
        const pointsBack = (sold.points * sold.returned) / sold.quantity;
        const penceBack = (sold.pence * sold.returned) / sold.quantity;
        points += pointsBack - sold.pointsBack;
        const year = sale.time.slice(0, 4);
        card.penceOfYear[year] = (card.penceOfYear[year] ?? 0n) - (penceBack - sold.penceBack);
        sold.pointsBack = pointsBack;
        sold.penceBack = penceBack;
      }
    }
    if (open === wanted) count(lines, 'unmatched', 'no-earlier-sale-holds-it');
    else {
      anythingFound = true;
      count(lines, 'reversed', open === 0n ? '' : 'matched-in-part');
    }
  }
  if (points > 0n) count(receipts, 'awarded', '');
  else {
    const reason = anythingFound
      ? 'returned-goods-had-earned-nothing'
      : 'returned-goods-match-no-sale';
    count(receipts, 'nothing', reason);
  }
  return points;
};

const levelOf = (levels: readonly Level[], spentPence: bigint): number => {
  let reached = 0;
  levels.forEach((level, index) => {
    if (spentPence >= level.fromPence) reached = index;
  });
  return reached;
};

const yearOf = (line: RetailLine): string => line.time.slice(0, 4);

export const sum = (values: readonly bigint[]): bigint => {
  let total = 0n;
  for (const value of values) total += value;
  return total;
};

export const halfEven = (value: bigint, unit: bigint): bigint => {
  const whole = value / unit;
  const twice = (value % unit) * 2n;
  if (twice < unit || (twice === unit && whole % 2n === 0n)) return whole;
  return whole + 1n;
};

/** Largest remainder: whole shares first, then one more to those that lost most, the first of equals before the others. */
export const split = (total: bigint, weights: readonly bigint[]): bigint[] => {
  const all = sum(weights);
  if (all === 0n) return weights.map(() => 0n);
  const shares = weights.map((weight) => (total * weight) / all);
  const lost = weights.map((weight) => (total * weight) % all);
  for (let left = total - sum(shares); left > 0n; left -= 1n) {
    let most = 0;
    lost.forEach((rest, index) => {
      if (rest > (lost[most] ?? 0n)) most = index;
    });
    shares[most] = (shares[most] ?? 0n) + 1n;
    lost[most] = -1n;
  }
  return shares;
};

const count = (counts: Counts, outcome: string, reason: string): void => {
  const reasons = (counts[outcome] ??= {});
  reasons[reason] = (reasons[reason] ?? 0) + 1;
};
