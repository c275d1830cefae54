import { parseDocument } from 'yaml';
import { z } from 'zod';
import { timeZone } from '@tallystick/kernel';
import { exitCodes, Failure } from '../exit-codes.js';

const isZone = (name: string): boolean => {
  try {
    timeZone(name);
    return true;
  } catch {
    return false;
  }
};
const isEncoding = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
};
/** By its name in the header, or by its number from 1. */
const column = z.union([z.string().min(1), z.int().min(1)]);

/** How a file of opening balances is read. What is left out is as in a file with our own column names. */
export const balanceMapping = z.strictObject({
  file: z
    .strictObject({
      separator: z.string().length(1).default(','),
      quote: z.string().length(1).nullable().default('"'),
      encoding: z.string().refine(isEncoding, 'is no known encoding').default('utf-8'),
    })
    .prefault({}),
  numbers: z.strictObject({ decimalMark: z.enum(['.', ',']).default('.') }).prefault({}),
  /** Of days without a time; without it, the programme's. */
  zone: z.string().refine(isZone, 'is no IANA time zone').optional(),
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
export const parseBalanceMapping = (path: string, text: string): BalanceMapping => {
  const document = parseDocument(text, { uniqueKeys: true });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw new Failure(exitCodes.usage, `${path}: ${fault.message.split('\n')[0] ?? fault.code}`);
  const parsed = balanceMapping.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  throw new Failure(
    exitCodes.usage,
    parsed.error.issues
      .map(({ path: field, message }) => `${path}: ${field.join('.')}: ${message}`)
      .join('\n'),
  );
};
