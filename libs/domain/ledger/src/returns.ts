import { Exact, Points, type CardToken, type FactId, type Instant } from '@tallystick/kernel';
import type { Account, Claim, FactState, LineState } from './account.js';
import type { Allocation, EarnedLine, LineReversal, UnmatchedReturn } from './events.js';

/** A line of goods that come back. */
export interface ReturnedLine {
  readonly ordinal: number;
  readonly product: string;
  /** How much comes back, an exact decimal, positive. */
  readonly quantity: string;
  /** The sale that it names; null: it is looked for among earlier sales of the same card and product. */
  readonly original: { readonly fact: FactId; readonly ordinal: number | null } | null;
}

export interface ReturnMatch {
  readonly reversals: readonly LineReversal[];
  readonly unmatched: readonly UnmatchedReturn[];
}

export interface ReturnContext {
  readonly fact: FactId;
  readonly card: CardToken | null;
  readonly occurredAt: Instant;
  /** Sales before this moment are past the programme's return window: nothing is taken back of them, named or not, remembered or not. */
  readonly notBefore: Instant;
}

/**
 * Finds what each returned line takes back. A line that names its sale takes from that sale alone; one that does not is matched
 * to earlier sales of the same card and product, newest first, up to what each line still holds; never to a later sale.
 * What stays unmatched takes nothing back, and so does what comes back of a sale past the return window.
 */
export const matchReturns = (
  account: Account,
  lines: readonly ReturnedLine[],
  context: ReturnContext,
): ReturnMatch => {
  const reversals: LineReversal[] = [];
  const unmatched: UnmatchedReturn[] = [];
  /** What earlier lines of this very receipt have already matched: the account itself is not changed here. */
  const progress = new Map<LineState, Progress>();
  for (const line of lines) {
    let open = Exact.exact(line.quantity);
    for (const [sale, sold] of candidates(account, line, context)) {
      if (Exact.isZero(open)) break;
      const before = progress.get(sold) ?? progressOf(sold);
      const held = Exact.subtract(Exact.exact(sold.quantity), before.returned);
      if (!Exact.isPositive(held)) continue;
      const quantity = Exact.least(held, open);
      const after = advance(sold, before, quantity);
      progress.set(sold, after);
      open = Exact.subtract(open, quantity);
      reversals.push(reversalOf(sale, sold, before, after, line.ordinal));
    }
    if (Exact.isPositive(open)) {
      unmatched.push({
        ordinal: line.ordinal,
        product: line.product,
        quantity: Exact.toDecimal(open),
      });
    }
  }
  return { reversals, unmatched };
};

/** What a correction takes back of the fact that it corrects: all that its lines still hold. */
export const reverseWhole = (sale: FactState): LineReversal[] =>
  sale.lines.flatMap((line) => {
    const before = progressOf(line);
    const held = Exact.subtract(Exact.exact(line.quantity), before.returned);
    if (!Exact.isPositive(held)) return [];
    return [reversalOf(sale, line, before, advance(line, before, held), null)];
  });

/** How much of a sold line receipts return, but for one of them: their matches outlive the sale's corrections. */
export const claimedOf = (
  account: Account,
  sale: FactId,
  line: Pick<EarnedLine, 'ordinal' | 'product'>,
  butBy: FactId | null,
): Exact.Exact =>
  Exact.sum(
    [...account.facts.values()]
      .filter(({ id }) => id !== butBy)
      .flatMap(({ reversals }) => reversals)
      .filter((claim) => claim.fact === sale && isOf(claim, line))
      .map(({ quantity }) => Exact.exact(quantity)),
  );

/**
 * What has come back of a fact's lines at this account, but for what some facts return: those bring it along wherever the sale goes. Where
 * a revision of it has left nothing here, what receipts had returned of the one before. Empty where the account does not know the fact.
 */
export const cameBackHere = (
  account: Account,
  sale: FactId,
  butBy: ReadonlySet<FactId>,
): readonly Pick<LineState, 'ordinal' | 'product' | 'returned'>[] => {
  const claims = [...account.facts.values()].flatMap(({ id, reversals }) =>
    reversals.filter(({ fact }) => fact === sale).map((claim) => ({ ...claim, by: id })),
  );
  const { lines = [] } = account.facts.get(sale) ?? {};
  if (lines.length === 0)
    return claims.flatMap(({ by, ordinal, product, quantity }) =>
      butBy.has(by) || product === undefined ? [] : [{ ordinal, product, returned: quantity }],
    );
  return lines.map((line) => {
    const theirs = claims.filter((claim) => butBy.has(claim.by) && isOf(claim, line));
    const rest = Exact.subtract(
      Exact.exact(line.returned),
      Exact.sum(theirs.map(({ quantity }) => Exact.exact(quantity))),
    );
    const returned = Exact.isPositive(rest) ? Exact.toDecimal(rest) : '0';
    return { ordinal: line.ordinal, product: line.product, returned };
  });
};

/** What lines that name their sale have not taken back of anything that the account still has. */
export const openReturns = (
  account: Account,
  { reversals }: Pick<FactState, 'reversals'>,
  lines: readonly ReturnedLine[],
): readonly ReturnedLine[] =>
  lines.flatMap((line) => {
    if (line.original === null) return [];
    const taken = reversals.filter(
      (claim) =>
        claim.returnedBy === line.ordinal &&
        account.facts.get(claim.fact)?.lines.some((sold) => isOf(claim, sold)),
    );
    const open = Exact.subtract(
      Exact.exact(line.quantity),
      Exact.sum(taken.map(({ quantity }) => Exact.exact(quantity))),
    );
    return Exact.isPositive(open) ? [{ ...line, quantity: Exact.toDecimal(open) }] : [];
  });

/**
 * What sales hold again when an earlier revision of a receipt does not return it any more: by what they are now, for they may have been
 * corrected since. What came back of the receipt's own lines goes with these.
 */
export const undoneReturns = (account: Account, { id, reversals }: FactState): LineReversal[] => {
  const own = new Map<LineState, { sale: FactState; first: Claim; quantity: Exact.Exact }>();
  for (const claim of reversals) {
    const sale = claim.fact === id ? undefined : account.facts.get(claim.fact);
    const line = sale?.lines.find((sold) => isOf(claim, sold));
    if (sale === undefined || line === undefined) continue;
    const { first, quantity } = own.get(line) ?? { first: claim, quantity: Exact.zero };
    own.set(line, { sale, first, quantity: Exact.add(quantity, Exact.exact(claim.quantity)) });
  }
  return [...own].flatMap(([line, { sale, first, quantity }]) => {
    const before = progressOf(line);
    // Where the line held less than was returned, another receipt's part of it has its place now.
    const stays = Exact.least(claimedOf(account, sale.id, line, id), Exact.exact(line.quantity));
    const back = Exact.least(Exact.subtract(before.returned, stays), quantity);
    return Exact.isPositive(back)
      ? [
          reversalOf(
            sale,
            line,
            advance(line, before, Exact.negate(back)),
            before,
            first.returnedBy,
          ),
        ]
      : [];
  });
};

const isOf = (
  claim: Claim,
  { ordinal, product }: Pick<EarnedLine, 'ordinal' | 'product'>,
): boolean => claim.ordinal === ordinal && (claim.product ?? product) === product;

const candidates = (
  account: Account,
  line: ReturnedLine,
  context: ReturnContext,
): readonly (readonly [FactState, LineState])[] => {
  const { original } = line;
  if (original !== null) {
    const sale = account.facts.get(original.fact);
    if (sale === undefined) return [];
    // What a correction brings back to its own lines had been returned before.
    if (sale.id !== context.fact && sale.occurredAt < context.notBefore) return [];
    return sale.lines
      .filter((sold) =>
        original.ordinal === null
          ? sold.product === line.product
          : sold.ordinal === original.ordinal,
      )
      .map((sold) => [sale, sold] as const);
  }
  if (context.card === null) return [];
  return [...account.facts.values()]
    .filter(
      (sale) =>
        sale.id !== context.fact &&
        sale.card === context.card &&
        sale.occurredAt <= context.occurredAt &&
        sale.occurredAt >= context.notBefore &&
        sale.lines.some((sold) => sold.product === line.product),
    )
    .sort((a, b) =>
      a.occurredAt === b.occurredAt
        ? b.sequence - a.sequence
        : a.occurredAt < b.occurredAt
          ? 1
          : -1,
    )
    .flatMap((sale) =>
      sale.lines
        .filter((sold) => sold.product === line.product)
        .map((sold) => [sale, sold] as const),
    );
};

/** What a line's points and spend come to that have come back of it, as it is rated now. */
export const cameBackOf = (
  line: LineState,
): { readonly reversed: readonly Points.Points[]; readonly spendMinor: number } =>
  advance(line, { ...progressOf(line), returned: Exact.zero }, Exact.exact(line.returned));

/** How much of a sold line has come back: the quantity, and what that makes of its points and spend. */
interface Progress {
  readonly returned: Exact.Exact;
  readonly reversed: readonly Points.Points[];
  readonly spendMinor: number;
}

const progressOf = (line: LineState): Progress => ({
  returned: Exact.exact(line.returned),
  reversed: line.reversed,
  spendMinor: line.spendReversedMinor,
});

/**
 * Several partial returns are rounded cumulatively: after each, what has been taken back in all is the line's points x returned / sold,
 * rounded down, so that they never come to more than the line earned, and to exactly that when all has come back.
 */
const advance = (line: LineState, before: Progress, quantity: Exact.Exact): Progress => {
  const returned = Exact.add(before.returned, quantity);
  const share = Exact.divide(returned, Exact.exact(line.quantity));
  const part = (whole: number): number =>
    Number(Exact.round(Exact.multiply(Exact.exact(whole), share), 'down'));
  return {
    returned,
    reversed: line.points.map((points) => Points.points(part(points))),
    spendMinor: part(line.spendMinor),
  };
};

const reversalOf = (
  sale: FactState,
  line: LineState,
  before: Progress,
  after: Progress,
  returnedBy: number | null,
): LineReversal => {
  const lots: Allocation[] = sale.lots.flatMap((lot, index) => {
    const points = Points.minus(
      after.reversed[index] ?? Points.noPoints,
      before.reversed[index] ?? Points.noPoints,
    );
    return points > 0 ? [{ lot, points }] : [];
  });
  return {
    fact: sale.id,
    ordinal: line.ordinal,
    quantity: Exact.toDecimal(Exact.subtract(after.returned, before.returned)),
    points: Points.total(lots.map((allocation) => allocation.points)),
    lots,
    spendMinor: after.spendMinor - before.spendMinor,
    returnedBy,
  };
};
