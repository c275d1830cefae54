import type { Delivery } from './deliveries.js';
import { instants, type Reckoning, type Step } from './reckoning.js';
import type { RetailLine } from './retail-file.js';
import { halfEven, invoicesOf, isGoods, split, sum } from './second-computation.js';
import {
  balanceOf,
  earn,
  newCard,
  returnOf,
  spend,
  takeBack,
  type Card,
  type Found,
  type Lot,
} from './second-ledger.js';
import type { Scheme } from './second-schemes.js';

const perPenny = 1_000n;

/** What a template should make of the raw file, computed a second time: plain loops, none of our code. */
export const reckon = (
  file: readonly RetailLine[],
  deliveries: readonly Delivery[],
  scheme: Scheme,
): Reckoning => {
  const invoices = new Map(invoicesOf(file).map((lines) => [lines[0]?.invoice ?? '', lines]));
  const cards = new Map<string, Card>();
  const steps = new Map<string, Step[]>();
  const facts: Record<string, number> = {};
  const lines: Record<string, number> = {};
  const seen = new Set<string>();
  let now = '';

  const cardOf = (name: string): Card => {
    const card = cards.get(name) ?? newCard();
    cards.set(name, card);
    if (!steps.has(name)) steps.set(name, []);
    return card;
  };
  for (const delivery of deliveries) {
    if (delivery.kind === 'spend') {
      const card = cardOf(delivery.card);
      const outcome = spend(card, BigInt(delivery.points), now, scheme.inactivity)
        ? 'redeemed'
        : 'insufficient';
      const then = balanceOf(card, now, scheme.inactivity);
      steps.get(delivery.card)?.push({ what: 'spend', outcome, then });
      continue;
    }
    const invoice = invoices.get(delivery.invoice) ?? [];
    const [first] = invoice;
    if (first === undefined) throw new Error(`there is no invoice ${delivery.invoice}`);
    if (first.time > now) now = first.time;
    // The same receipt once more changes nothing.
    if (seen.has(first.invoice)) continue;
    seen.add(first.invoice);
    if (first.card === null) {
      count(facts, 'nothing: no-card');
      for (const _ of invoice) count(lines, 'nothing: no-card');
      continue;
    }
    const card = cardOf(first.card);
    const did = first.invoice.startsWith('C')
      ? takeInReturn(card, invoice, now, scheme, lines)
      : takeInSale(card, invoice, scheme, lines);
    count(facts, did.outcome);
    const then = balanceOf(card, now, scheme.inactivity);
    steps.get(first.card)?.push({ what: first.invoice, ...did, then });
  }
  const accounts = [...cards].map(([name, card]) => {
    const { earned, reversed, redeemed } = card;
    return [
      name,
      {
        steps: steps.get(name) ?? [],
        sums: {
          earned: earned.toString(),
          reversed: reversed.toString(),
          redeemed: redeemed.toString(),
        },
        balances: Object.fromEntries(
          instants.map(([london, utc]) => [utc, balanceOf(card, london, scheme.inactivity)]),
        ),
      },
    ] as const;
  });
  return { accounts: new Map(accounts), facts, lines };
};

const takeInSale = (
  card: Card,
  invoice: readonly RetailLine[],
  scheme: Scheme,
  counts: Record<string, number>,
): Omit<Step, 'what' | 'then'> => {
  const time = invoice[0]?.time ?? '';
  const day = time.slice(0, 10);
  const level = scheme.level(card, day);
  const gross = invoice.map((line) => line.quantity * line.price);
  const before = invoice.map((line, at) => (isGoods(line.product) ? (gross[at] ?? 0n) : 0n));
  const percent = scheme.percent(card, day, level, sum(gross));
  // Hundredths of it, in thousandths of a penny: half a penny is rounded up.
  const off = (2n * sum(before) * percent + 100n * perPenny) / (200n * perPenny);
  const offLines = split(
    off,
    before.map((amount) => amount * percent),
  );
  const goods = before.map((amount, at) => amount - (offLines[at] ?? 0n) * perPenny);

  const awards = (sum(goods) > 0n ? scheme.awards({ card, time, level, goods }) : []).filter(
    ([, perLine]) => sum(perLine) > 0n,
  );
  const lots = awards.map(([rule, perLine]): Lot => ({
    rule,
    left: sum(perLine),
    ...scheme.lot(rule, time),
  }));
  const points = Object.fromEntries(lots.map(({ rule, left }) => [rule, left.toString()]));
  const pence = split(halfEven(sum(goods), perPenny), goods);
  card.sales.push({
    ...{ time, lots },
    lines: invoice.map(({ product, quantity }, at) => ({
      ...{ product, quantity, returned: 0n, penceBack: 0n },
      points: awards.map(([, perLine]) => perLine[at] ?? 0n),
      pence: pence[at] ?? 0n,
      pointsBack: awards.map(() => 0n),
    })),
  });
  earn(card, lots, time);
  invoice.forEach((line, at) => {
    if (!isGoods(line.product)) count(counts, 'nothing: excluded-category:non-goods');
    else count(counts, (goods[at] ?? 0n) > 0n ? 'earned' : 'nothing: free');
  });
  const nothing = sum(goods) > 0n ? scheme.whyNothing : 'only-excluded-or-free-lines';
  return {
    outcome: lots.length > 0 ? 'awarded' : `nothing: ${nothing}`,
    ...(level === null ? {} : { tier: level }),
    ...{ discountPence: off.toString(), points },
  };
};

const takeInReturn = (
  card: Card,
  invoice: readonly RetailLine[],
  now: string,
  { inactivity }: Scheme,
  counts: Record<string, number>,
): Omit<Step, 'what' | 'then'> => {
  const time = invoice[0]?.time ?? '';
  const found: Found[] = [];
  let anything = false;
  // Newest first; of one time, the one that came later.
  const earlier = card.sales
    .map((sale, came) => ({ sale, came }))
    .filter(({ sale }) => sale.time <= time)
    .sort((a, b) =>
      a.sale.time === b.sale.time ? b.came - a.came : a.sale.time < b.sale.time ? 1 : -1,
    );
  for (const line of invoice) {
    let open = -line.quantity;
    for (const { sale } of earlier)
      for (const sold of sale.lines) {
        if (sold.product !== line.product) continue;
        const held = sold.quantity - sold.returned;
        const quantity = held < open ? held : open;
        if (quantity === 0n) continue;
        open -= quantity;
        found.push(...returnOf(sale, sold, quantity));
      }
    if (open === -line.quantity) count(counts, 'unmatched: no-earlier-sale-holds-it');
    else {
      anything = true;
      count(counts, open === 0n ? 'reversed' : 'reversed: matched-in-part');
    }
  }
  const points = takeBack(card, found, now, inactivity);
  const nothing = anything ? 'returned-goods-had-earned-nothing' : 'returned-goods-match-no-sale';
  return {
    outcome: points > 0n ? 'awarded' : `nothing: ${nothing}`,
    reversed: points.toString(),
  };
};

const count = (counts: Record<string, number>, what: string): void => {
  counts[what] = (counts[what] ?? 0) + 1;
};
