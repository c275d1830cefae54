import { z } from 'zod';
import { instant } from '@tallystick/kernel';
import type { ListedRequest } from './requests-view.js';

/** Says where the next page begins. Opaque to callers: what is in it may change from release to release. */
const content = z.strictObject({
  v: z.literal(2),
  at: z.iso.datetime().transform(instant),
  id: z.string(),
});

export const writeCursor = ({ requestedAt: at, id }: ListedRequest): string =>
  Buffer.from(JSON.stringify({ v: 2, at, id })).toString('base64url');

/** Null on anything that `writeCursor` did not write. */
export const readCursor = (cursor: string): ListedRequest | null => {
  try {
    const { at, id } = content.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { requestedAt: at, id };
  } catch {
    return null;
  }
};
