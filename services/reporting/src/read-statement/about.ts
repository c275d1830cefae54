/** The order that an entry of a statement is about, by the id under which it is read, refunded, captured or released. */
export interface About {
  readonly kind: 'redemption' | 'hold' | 'transfer' | 'certificate-use';
  readonly id: string;
}

/** Null: the entry is about none of these. Where a hold is captured, it is about the redemption that this makes. */
export const aboutOf = (fact: string | null): About | null => {
  const [kind, , id] = (fact ?? '').split('/').map(decodeURIComponent);
  if (id === undefined) return null;
  switch (kind) {
    case 'redemption':
    case 'hold':
    case 'transfer':
      return { kind, id };
    case 'certificateuse':
      return { kind: 'certificate-use', id };
    case 'refund':
      return { kind: 'redemption', id };
    case 'release':
      return { kind: 'hold', id };
    default:
      return null;
  }
};

/** Where it is explained why a receipt, or a partner's event, earned what it earned: a path of the system. Null: it is neither. */
export const explanationOf = (fact: string | null): string | null => {
  const [kind, ...parts] = (fact ?? '').split('/').map(decodeURIComponent);
  switch (kind) {
    case 'receipt':
      return pathOf('receipts', receiptNames, parts);
    case 'partnerevent':
      return pathOf('partner-awards', partnerNames, parts);
    default:
      return null;
  }
};

const receiptNames = ['program', 'chain', 'store', 'till', 'number', 'businessDate'];
const partnerNames = ['program', 'partner', 'event'];

const pathOf = (of: string, names: readonly string[], parts: readonly string[]): string | null => {
  if (parts.length !== names.length) return null;
  const query = new URLSearchParams(
    names.map((name, index): [string, string] => [name, parts[index] ?? '']),
  );
  return `/v1/${of}/explanation?${query.toString()}`;
};
