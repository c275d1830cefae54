/**
 * A fact's id in words: `receipt/acme/online/1/7/536365/2010-12-01` is `Receipt 536365 of 2010-12-01, store 1`.
 * A kind that has no words of its own is shown as the id.
 */
export const describeFact = (fact: string): string => {
  const [kind, ...parts] = fact.split('/').map(decodeURIComponent);
  if (kind === 'receipt') {
    const [, , store, , number, businessDate] = parts;
    if (businessDate !== undefined) return `Receipt ${number} of ${businessDate}, store ${store}`;
  }
  if (kind === 'partnerevent') {
    const [, partner, event] = parts;
    if (event !== undefined) return `Event ${event} of partner ${partner}`;
  }
  return fact;
};
