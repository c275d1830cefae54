import { z } from 'zod';
import { minorUnitDigits } from '@tallystick/kernel';
import { known } from './known.js';

/** ISO 4217: three letters that are a code. */
export const currencyCode = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .refine(known(minorUnitDigits), 'must be an ISO 4217 code');
