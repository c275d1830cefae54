import { z } from 'zod';
import type { LetterMark } from './dead-letters.js';

/** Says where the next page begins. Opaque to callers: what is in it may change from release to release. */
const content = z.strictObject({
  v: z.literal(1),
  topic: z.string(),
  nth: z
    .string()
    .regex(/^\d{1,40}$/)
    .transform(BigInt),
});

export const writeCursor = ({ topic, nth }: LetterMark): string =>
  Buffer.from(JSON.stringify({ v: 1, topic, nth: String(nth) })).toString('base64url');

/** Null on anything that `writeCursor` did not write. */
export const readCursor = (cursor: string): LetterMark | null => {
  try {
    const { topic, nth } = content.parse(
      JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')),
    );
    return { topic, nth };
  } catch {
    return null;
  }
};
