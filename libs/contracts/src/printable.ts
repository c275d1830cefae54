/**
 * No control or formatting characters, no line separators, no halves of surrogate pairs. Every text that comes from outside is
 * held against it: what cannot be shown or stored everywhere must not get into a log that is kept for ever.
 */
export const printable = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;
export const printableRule = 'must be printable characters';
