import type { SealedParts } from '@tallystick/service-host';

/** What partners' commands and queries work with. */
export type Parts = SealedParts;

export const PARTS = Symbol('Parts');
