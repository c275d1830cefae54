/** The order that an entry of a statement is about, by the id under which it is read, refunded, captured or released. */
export interface About {
  readonly kind: 'redemption' | 'hold' | 'transfer';
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
    case 'refund':
      return { kind: 'redemption', id };
    case 'release':
      return { kind: 'hold', id };
    default:
      return null;
  }
};
