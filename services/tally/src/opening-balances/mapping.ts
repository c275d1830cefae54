import { z } from 'zod';
import { column, fileFormat, parseFlatMapping, zone } from '../mapping/flat-mapping.js';

/** How a file of opening balances is read. What is left out is as in a file with our own column names. */
export const balanceMapping = z.strictObject({
  file: fileFormat,
  numbers: z.strictObject({ decimalMark: z.enum(['.', ',']).default('.') }).prefault({}),
  zone,
  columns: z
    .strictObject({
      reference: column.default('reference'),
      card: column.optional(),
      account: column.optional(),
      points: column.default('points'),
      availableAt: column.optional(),
      expiresAt: column.optional(),
      funder: column.optional(),
      kind: column.optional(),
      qualifies: column.optional(),
      /** Spend that counts for tiers, by calendar year, in major units of the programme's currency. */
      spend: z.record(z.string().regex(/^\d{4}$/, 'must be a year'), column).optional(),
    })
    .prefault({}),
});
export type BalanceMapping = z.output<typeof balanceMapping>;

/** Throws `Failure` with everything that is wrong. */
export const parseBalanceMapping = (path: string, text: string): BalanceMapping =>
  parseFlatMapping(balanceMapping, path, text);
