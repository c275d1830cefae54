import { z } from 'zod';
import { instant } from '@tallystick/kernel';
import type { ListedAdjustment } from './adjustments-view.js';

/** Says where the next page begins. Opaque to callers: what is in it may change from release to release. */
const content = z.strictObject({
  v: z.literal(1),
  at: z.iso.datetime().transform(instant),
  adjustment: z.string(),
});

export const writeCursor = ({ requestedAt: at, adjustment }: ListedAdjustment): string =>
  Buffer.from(JSON.stringify({ v: 1, at, adjustment })).toString('base64url');

/** Null on anything that `writeCursor` did not write. */
export const readCursor = (cursor: string): ListedAdjustment | null => {
  try {
    const { at, adjustment } = content.parse(
      JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')),
    );
    return { requestedAt: at, adjustment };
  } catch {
    return null;
  }
};
