/** `1234567` as `1,234,567`. */
export const grouped = (value: number): string => new Intl.NumberFormat('en-GB').format(value);

/** `1234` ms as `1.2 s`. */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
