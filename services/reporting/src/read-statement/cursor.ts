import { z } from 'zod';

/** Says where the next page begins. Opaque to callers: what is in it may change from release to release. */
const content = z.strictObject({
  v: z.literal(1),
  before: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
});

export const writeCursor = (before: number): string =>
  Buffer.from(JSON.stringify({ v: 1, before })).toString('base64url');

/** Null on anything that `writeCursor` did not write. */
export const readCursor = (cursor: string): { readonly before: number } | null => {
  try {
    const parsed = content.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return parsed.success && writeCursor(parsed.data.before) === cursor ? parsed.data : null;
  } catch {
    return null;
  }
};
