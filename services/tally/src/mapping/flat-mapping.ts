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
export const column = z.union([z.string().min(1), z.int().min(1)]);

/** How the text of a file is cut into cells. */
export const fileFormat = z
  .strictObject({
    separator: z.string().length(1).default(','),
    quote: z.string().length(1).nullable().default('"'),
    encoding: z.string().refine(isEncoding, 'is no known encoding').default('utf-8'),
  })
  .prefault({});
export type FileFormat = z.output<typeof fileFormat>;

/** Of days without a time; without it, the programme's. */
export const zone = z.string().refine(isZone, 'is no IANA time zone').optional();

/** Reads a mapping. Throws `Failure` with everything that is wrong. */
export const parseFlatMapping = <Mapping>(
  schema: z.ZodType<Mapping>,
  path: string,
  text: string,
): Mapping => {
  const document = parseDocument(text, { uniqueKeys: true });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw new Failure(exitCodes.usage, `${path}: ${fault.message.split('\n')[0] ?? fault.code}`);
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  throw new Failure(
    exitCodes.usage,
    parsed.error.issues
      .map(({ path: field, message }) => `${path}: ${field.join('.')}: ${message}`)
      .join('\n'),
  );
};
