import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';

/** Who pays for points that a person adds. */
export const funder = z
  .string()
  .trim()
  .max(100)
  .regex(printable, printableRule)
  .regex(/^(chain|(partner|supplier):.+)$/, 'must be chain, partner:<id> or supplier:<id>')
  .default('chain')
  .describe('chain, partner:<id>, supplier:<id>');
