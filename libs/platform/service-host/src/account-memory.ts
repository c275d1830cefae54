import { z } from 'zod';

/** What accrual and redemption keep of accounts in memory; a variable of the environment. */
export const accountMemoryVariables = z.object({
  TALLYSTICK_ACCOUNT_MEMORY_MIB: z
    .string()
    .regex(/^[1-9]\d{0,5}$/)
    .transform(Number)
    .optional()
    .describe(
      'MiB, from 1 to 999999, for accounts in memory, or nothing for a fifth of the heap that Node may take',
    ),
});

export type AccountMemoryConfig = z.output<typeof accountMemoryVariables>;

/** As `AccountCache` takes it. */
export const accountMemoryOf = ({
  TALLYSTICK_ACCOUNT_MEMORY_MIB: mib,
}: AccountMemoryConfig): { readonly bytesMax?: number } =>
  mib === undefined ? {} : { bytesMax: mib * 1024 * 1024 };
