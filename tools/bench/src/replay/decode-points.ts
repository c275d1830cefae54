/** The points of a stored ledger event, 0 where it has none. Its data was written by the ledger and is trusted. */
export const decodePoints = (data: string): number =>
  (JSON.parse(data) as { readonly points?: number }).points ?? 0;
