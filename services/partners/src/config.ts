import { z } from 'zod';

const keyBytes = 32;
const key = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === keyBytes, `must be ${keyBytes} bytes in base64`);

/** What partners reads of the environment besides the host's own. */
export const config = z.object({
  TALLYSTICK_MASTER_KEYS_RETIRED: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((part) => part !== ''))
    .pipe(z.array(key))
    .describe(
      'Master keys from before a rotation, separated by commas: they open, they no longer seal',
    ),
});
