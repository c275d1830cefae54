import { z } from 'zod';
import type { StreamEvent } from '../views/projection.js';

const pin = z.object({
  rulebook: z.object({ version: z.int() }).nullable(),
  parts: z.array(z.object({ lines: z.array(z.int()) })),
  nothing: z.string().nullable(),
  waits: z.string().optional(),
});

const ref = z.object({
  chain: z.string(),
  store: z.string(),
  till: z.string(),
  number: z.string(),
  businessDate: z.string(),
});

const registered = z.object({
  fact: z.string(),
  document: z.object({
    program: z.string(),
    revision: z.int(),
    occurredAt: z.string(),
    card: z.string().nullable(),
    ref,
  }),
  pin: pin.nullable(),
});
const pinned = z.object({ fact: z.string(), revision: z.int(), pin });
const noted = z.object({ fact: z.string(), program: z.string(), ref });
const refused = z.object({ fact: z.string(), revision: z.int(), reason: z.string() });

/** What reporting reads of the events of a receipt's stream. */
export type ReceiptEvent =
  | { readonly type: 'ReceiptRegistered'; readonly data: z.output<typeof registered> }
  | { readonly type: 'FactPinned'; readonly data: z.output<typeof pinned> }
  | { readonly type: 'FactRefused'; readonly data: z.output<typeof refused> }
  | { readonly type: 'ReturnNoted'; readonly data: z.output<typeof noted> };

/** Throws on a type or schema version that this release does not know. */
export const decodeReceiptEvent = ({ type, schemaVersion, data }: StreamEvent): ReceiptEvent => {
  if (schemaVersion === 1) {
    const value: unknown = JSON.parse(data);
    switch (type) {
      case 'ReceiptRegistered':
        return { type, data: registered.parse(value) };
      case 'FactPinned':
        return { type, data: pinned.parse(value) };
      case 'FactRefused':
        return { type, data: refused.parse(value) };
      case 'ReturnNoted':
        return { type, data: noted.parse(value) };
    }
  }
  throw new Error(
    `this release does not understand receipt event ${type} version ${schemaVersion}`,
  );
};
