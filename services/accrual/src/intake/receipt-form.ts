import type { ReceiptV1 } from '@tallystick/contracts';
import { contentHash } from '@tallystick/event-store';
import {
  Exact,
  err,
  instant,
  localDate,
  ok,
  programId,
  type CardToken,
  type ProgramId,
  type Result,
} from '@tallystick/kernel';
import { receiptFactId } from '@tallystick/receipts';
import type { ReceiptFact, ReceiptLine } from '@tallystick/rulebook';

/** A field of a receipt that is wrong although its form is right. */
export interface ReceiptFault {
  readonly field: string;
  readonly message: string;
}

const pointsTender = 'points';
/** What a receipt comes to at most, in major units, over all its lines: far above any sale, far below where sums stop being exact. */
const receiptTotalMax = Exact.exact(1_000_000_000_000);
/** What is worked out is kept as a decimal, too. */
const tooFine = `comes to more than ${Exact.decimalDigitsMax} digits: send it rounded`;
/** Characters of the encoded name of a receipt: streams are named by it. */
const nameCharsMax = 900;

/** Makes the fact that the ledger keeps of a receipt as the till sent it: its card a token, its amounts worked out. */
export const toReceiptFact = (
  receipt: ReceiptV1,
  tokenOf: (program: ProgramId, card: string) => CardToken,
): Result<ReceiptFact, ReceiptFault> => {
  const program = programId(receipt.program);
  const { chain, store, till, number } = receipt;
  const ref = { chain, store, till, number, businessDate: localDate(receipt.businessDate) };
  const ordinals = new Set<number>();
  const lines: ReceiptLine[] = [];
  for (const [index, line] of receipt.lines.entries()) {
    if (ordinals.has(line.ordinal))
      return err({ field: `lines.${index}.ordinal`, message: 'stands on another line already' });
    ordinals.add(line.ordinal);
    const amount = amountOf(line);
    if (amount === null)
      return err({ field: `lines.${index}.amount`, message: 'give amount, or unitPrice' });
    const comesTo = Exact.toDecimal(amount);
    if (!Exact.isDecimal(comesTo)) return err({ field: `lines.${index}.amount`, message: tooFine });
    const returned = Exact.isNegative(Exact.exact(line.quantity));
    if (returned ? Exact.isPositive(amount) : Exact.isNegative(amount))
      return err({
        field: `lines.${index}.amount`,
        message: 'must have the sign of the quantity: goods that come back are negative in both',
      });
    lines.push({
      ordinal: line.ordinal,
      product: line.product,
      category: line.category ?? null,
      brand: line.brand ?? null,
      quantity: Exact.toDecimal(Exact.exact(line.quantity)),
      amount: comesTo,
      original:
        line.original === undefined
          ? null
          : {
              chain: line.original.chain,
              store: line.original.store,
              till: line.original.till,
              number: line.original.number,
              businessDate: localDate(line.original.businessDate),
              ordinal: line.original.ordinal ?? null,
            },
    });
  }
  const turnover = Exact.sum(lines.map(({ amount }) => absolute(Exact.exact(amount))));
  if (Exact.compare(turnover, receiptTotalMax) > 0)
    return err({ field: 'lines', message: 'come to more than a receipt can: 1,000,000,000,000' });
  const id = receiptFactId(program, ref);
  if (id.length > nameCharsMax)
    return err({ field: 'number', message: 'chain, store, till and number are too long together' });
  const paidWithPoints = Exact.sum(
    (receipt.tenders ?? [])
      .filter(({ kind }) => kind === pointsTender)
      .map(({ amount }) => Exact.exact(amount)),
  );
  const withPoints = Exact.toDecimal(paidWithPoints);
  if (!Exact.isDecimal(withPoints)) return err({ field: 'tenders', message: tooFine });
  const card = receipt.card?.trim() ?? '';
  const content = {
    program,
    ref,
    revision: receipt.revision,
    occurredAt: instant(receipt.occurredAt),
    card: card === '' ? null : tokenOf(program, card),
    currency: receipt.currency,
    channel: receipt.channel ?? null,
    lines,
    paidWithPoints: Exact.isPositive(paidWithPoints) ? withPoints : '0',
  };
  const kinds = [...new Set((receipt.tenders ?? []).map(({ kind }) => kind))].sort();
  const payments = kinds.length === 0 ? {} : { payments: kinds };
  return ok({ id, hash: hashOfReceipt(content), ...content, ...payments });
};

/** By which a receipt is known again. Not by its kinds of payment: one that an older release took, which kept none, is still the same. */
export const hashOfReceipt = ({
  program,
  ref,
  revision,
  occurredAt,
  card,
  currency,
  channel,
  lines,
  paidWithPoints,
}: Omit<ReceiptFact, 'id' | 'hash' | 'payments'>): string =>
  contentHash({
    ...{ program, ref, revision, occurredAt, card, currency, channel, lines, paidWithPoints },
  });

const absolute = (value: Exact.Exact): Exact.Exact =>
  Exact.isNegative(value) ? Exact.negate(value) : value;

/** What the till says that the line comes to, or quantity x price - discounts; null when it says neither. */
const amountOf = (line: ReceiptV1['lines'][number]): Exact.Exact | null => {
  if (line.amount !== undefined) return Exact.exact(line.amount);
  if (line.unitPrice === undefined) return null;
  const discounts = Exact.sum((line.discounts ?? []).map(({ amount }) => Exact.exact(amount)));
  const gross = Exact.multiply(Exact.exact(line.quantity), Exact.exact(line.unitPrice));
  return Exact.isNegative(gross) ? Exact.add(gross, discounts) : Exact.subtract(gross, discounts);
};
