import { DateTime, IANAZone } from 'luxon';
import { z } from 'zod';

/**
 * What a mapping file may say: how the rows of one kind of sales file become receipts. The JSON Schema that editors
 * use is made from this (`tally mapping-schema`), so the descriptions here are its documentation.
 */

/** Rows that may pass since a receipt's last line before it is taken as whole; a mapping may say otherwise. */
export const windowRowsDefault = 1_000;
/** Rows held at once for receipts that are still open; beyond it the oldest receipt is sent as it is. */
export const windowRowsHeldDefault = 100_000;

/** Of two fields, exactly one is there. */
const either =
  <T extends object>(a: keyof T & string, b: keyof T & string) =>
  ({ value, issues }: z.core.ParsePayload<T>): void => {
    if ((value[a] === undefined) === (value[b] === undefined))
      issues.push({ code: 'custom', input: value, message: `name either ${a} or ${b}` });
  };

const column = z
  .union([z.string().min(1), z.int().min(1).max(10_000)])
  .describe('A column by its name in the header, or by its number, the first being 1');

/** A field comes from a column, or is the same for the whole file. */
const source = z
  .strictObject({ column: column.optional(), value: z.string().min(1).max(100).optional() })
  .check(either('column', 'value'))
  .meta({
    minProperties: 1,
    maxProperties: 1,
    description: 'Either `column`: read from each row; or `value`: the same for the whole file',
  });
export type Source = z.output<typeof source>;

const mark = z
  .strictObject({
    column,
    startsWith: z.string().min(1).optional(),
    equals: z.array(z.string()).min(1).optional(),
  })
  .check(either('startsWith', 'equals'))
  .meta({
    minProperties: 2,
    maxProperties: 2,
    description: 'Tells rows by a column: its text starts with something, or equals one of a list',
  });
export type Mark = z.output<typeof mark>;

const isEncoding = (label: string): boolean => {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
};

const probe = DateTime.fromISO('2011-11-23T00:00:00', { zone: 'utc', locale: 'en-US' });
/** Whether a format keeps the day: written in it and read back, a date is the same date. */
const keepsTheDay = (format: string): boolean =>
  DateTime.fromFormat(probe.toFormat(format), format, {
    zone: 'utc',
    locale: 'en-US',
  }).toISODate() === probe.toISODate();

const file = z.strictObject({
  separator: z
    .union([z.literal('tab'), z.string().length(1)])
    .default(',')
    .describe('One character, or `tab`'),
  quote: z
    .union([z.literal('none'), z.string().length(1)])
    .default('"')
    .describe(
      'What encloses a text that holds the separator; doubled inside it. `none`: quotes mean nothing',
    ),
  encoding: z
    .string()
    .refine(isEncoding, 'is no encoding that the WHATWG list knows, such as utf-8 or windows-1252')
    .default('utf-8'),
  header: z.boolean().default(true).describe('Whether the first line names the columns'),
  columns: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('How many columns each row has. Needed without a header'),
});

const numbers = z.strictObject({
  decimalMark: z.enum(['.', ',']).default('.'),
  groupMark: z
    .enum([',', '.', ' ', "'"])
    .optional()
    .describe('What stands between thousands; without it, a number that has any is rejected'),
});

const time = z.strictObject({
  column,
  formats: z
    .array(
      z.string().refine(keepsTheDay, 'must hold year, month and day, e.g. yyyy-MM-dd HH:mm:ss'),
    )
    .min(1)
    .max(10)
    .describe(
      "Luxon's format tokens (yyyy MM dd HH mm ss, M d H, MMM, h a); the first that fits is taken",
    ),
  zone: z
    .string()
    .refine((name) => IANAZone.isValidZone(name), 'is no IANA time zone, such as Europe/London')
    .describe('The IANA zone of the shop: the file’s times carry none'),
  timeOfDay: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 12:00')
    .default('12:00')
    .describe('When the file has only a day'),
  repeated: z
    .enum(['earlier', 'later', 'reject'])
    .default('earlier')
    .describe('A local time that happens twice, when the clocks go back'),
  skipped: z
    .enum(['forward', 'reject'])
    .default('forward')
    .describe(
      'A local time that never happens, when the clocks go forward: moved by the change, or rejected',
    ),
});

const card = z.strictObject({
  column,
  removePrefix: z.string().min(1).optional(),
  removeSuffix: z.string().min(1).optional().describe('e.g. ".0", which spreadsheets leave behind'),
  removeCharacters: z
    .string()
    .min(1)
    .optional()
    .describe('Each of these, wherever it stands: " -"'),
  none: z
    .array(z.string())
    .default([])
    .describe('Texts that mean: no card. An empty cell always does'),
});

export const keyFields = ['chain', 'store', 'till', 'number', 'date', 'card'] as const;
export type KeyField = (typeof keyFields)[number];

const receipt = z.strictObject({
  key: z
    .union([z.literal('row'), z.array(z.enum(keyFields)).min(1)])
    .describe('Rows that are equal in these make one receipt; `row`: each row is one'),
  chain: source,
  store: source,
  till: source,
  number: z
    .strictObject({ column: column.optional(), countPerDay: z.literal(true).optional() })
    .check(either('column', 'countPerDay'))
    .meta({
      minProperties: 1,
      maxProperties: 1,
      description:
        'The receipt’s number. `countPerDay: true`, for a file that has none: the how-many-th receipt of its chain, ' +
        'store, till and day it is. Another file must then have whole days, in the same order',
    }),
  time: time,
  currency: source.describe('ISO 4217'),
  channel: source.optional(),
  card: card.optional().describe('Without it no receipt has a card'),
  notSales: z
    .array(mark)
    .default([])
    .describe(
      'Rows that are no sale and no return, such as a bad-debt adjustment: counted, never sent',
    ),
});

const lines = z.strictObject({
  product: source,
  description: source.optional().describe('Cut at 500 characters'),
  brand: source.optional(),
  category: source.optional(),
  quantity: source,
  unitPrice: source.optional(),
  amount: source.optional().describe('What the line comes to; without it: quantity x unitPrice'),
  returns: z
    .strictObject({
      marks: z.array(mark).min(1),
      quantities: z
        .enum(['negative', 'positive'])
        .default('negative')
        .describe('How the file writes the quantity of a marked row'),
      unmarkedNegative: z
        .enum(['accept', 'reject'])
        .default('reject')
        .describe(
          'A negative quantity without a mark: goods that come back all the same, or an error',
        ),
    })
    .optional()
    .describe('What marks a return. Without it, a negative quantity does'),
  nonGoods: z
    .strictObject({
      products: z
        .array(z.string().min(1))
        .min(1)
        .describe('Product codes; * stands for any characters'),
      category: z.string().min(1).max(100).default('non-goods'),
    })
    .optional()
    .describe(
      'Codes that are postage, charges, vouchers: their category lets a rulebook exclude them',
    ),
});

const window = z
  .strictObject({
    rows: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(windowRowsDefault)
      .describe('A receipt is whole when so many rows have passed since its last line'),
    rowsHeld: z
      .int()
      .min(1_000)
      .max(10_000_000)
      .default(windowRowsHeldDefault)
      .describe('Rows in memory at once; beyond it the oldest receipt is sent as it is'),
  })
  .prefault({});

export const mappingSchema = z
  .strictObject({
    $schema: z.string().optional(),
    mapping: z.literal(1).describe('The version of this format'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'must be lower-case letters, digits and hyphens'),
    description: z.string().optional(),
    file: file.prefault({}),
    numbers: numbers.prefault({}),
    receipt,
    lines,
    window,
  })
  .check((mapping) => {
    const { file: shape, numbers: marks, lines: line, receipt: head } = mapping.value;
    const problem = (path: (string | number)[], message: string): void => {
      mapping.issues.push({ code: 'custom', input: mapping.value, path, message });
    };
    if (!shape.header && shape.columns === undefined)
      problem(['file', 'columns'], 'is needed without a header');
    if (marks.groupMark === marks.decimalMark)
      problem(['numbers', 'groupMark'], 'is the decimal mark already');
    if (line.unitPrice === undefined && line.amount === undefined)
      problem(['lines'], 'name unitPrice or amount, or what a line comes to is unknown');
    if (head.key !== 'row' && head.key.includes('number') && head.number.column === undefined)
      problem(['receipt', 'key'], 'the number is counted, and cannot tell receipts apart');
    if (head.key !== 'row' && head.key.includes('card') && head.card === undefined)
      problem(['receipt', 'key'], 'no card column is named');
  })
  .meta({
    title: 'Tallystick sales file mapping',
    description: 'How `tally import` reads one kind of sales file',
  });
export type Mapping = z.output<typeof mappingSchema>;
