import type { RetailLine } from './retail-file.js';
import { invoicesOf } from './second-computation.js';

/**
 * What reaches the system, in this order: the invoices of the file, some of them late, some of them twice, and what members
 * spend in between. Both reckonings are given the same.
 */
export type Delivery =
  | { readonly kind: 'invoice'; readonly invoice: string; readonly again: boolean }
  | { readonly kind: 'spend'; readonly card: string; readonly points: number };

/** Every so many invoices one comes late: so many invoices later, an hour or some weeks. */
const late = [
  { every: 11, by: 9 },
  { every: 97, by: 1_500 },
] as const;
/** Every so many invoices one comes again, right away or much later. */
const twice = [
  { every: 13, by: 0 },
  { every: 101, by: 700 },
] as const;
/** After every so many invoices the member who had one spends points. */
const spendEvery = 5;
const spentPoints = 300;

export const deliveriesOf = (file: readonly RetailLine[]): Delivery[] => {
  const due: { readonly at: number; readonly delivery: Delivery }[] = [];
  invoicesOf(file).forEach(([first], index) => {
    if (first === undefined) return;
    const { invoice, card } = first;
    const after = late.find(({ every }) => index % every === every - 1)?.by ?? 0;
    due.push({ at: index + after, delivery: { kind: 'invoice', invoice, again: false } });
    const again = twice.find(({ every }) => index % every === every - 1);
    if (again !== undefined)
      due.push({
        at: index + after + again.by,
        delivery: { kind: 'invoice', invoice, again: true },
      });
    if (card !== null && index % spendEvery === 0)
      due.push({ at: index, delivery: { kind: 'spend', card, points: spentPoints } });
  });
  // What is due at one moment keeps its order.
  return due.sort((a, b) => a.at - b.at).map(({ delivery }) => delivery);
};
