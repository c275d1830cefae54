import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { moment, printable, printableRule } from '@tallystick/contracts';
import { contentHash } from '@tallystick/event-store';
import { Points, instant, type CardToken, type ProgramId } from '@tallystick/kernel';
import { funder } from '../corrections/funder.js';
import type { OpeningBalanceRequested } from './opening-balance.js';

export const pageBalancesMax = 1_000;
/** A lot for each receipt of some years. */
const lotsMax = 2_000;

const text = (charsMax: number) =>
  z.string().trim().min(1).max(charsMax).regex(printable, printableRule);

const lot = z.strictObject({
  points: z.int().min(1).max(1_000_000_000_000),
  availableAt: moment.nullish().describe('Without it: from when it is imported'),
  expiresAt: moment
    .nullish()
    .describe('Without it: never. What has lapsed by now is taken over, and posted as expired'),
  funder,
  kind: z.enum(['base', 'bonus']).default('base'),
  qualifies: z.boolean().default(true).describe('Whether it counts for a tier'),
});

export const openingBalance = z
  .strictObject({
    account: text(100).optional(),
    card: text(100).optional().describe('A card of the account, instead of account'),
    reference: text(200).describe('What the old system calls this balance: once per system'),
    lots: z.array(lot).max(lotsMax).default([]),
    spend: z
      .record(z.string().regex(/^\d{4}$/, 'must be a year'), z.int().min(0))
      .default({})
      .describe('Spend that counts for tiers, in minor units by calendar year'),
  })
  .superRefine(({ account, card, lots, spend }, context) => {
    const wrong = (path: string | readonly (string | number)[], message: string): void => {
      context.addIssue({
        code: 'custom',
        path: typeof path === 'string' ? [path] : [...path],
        message,
      });
    };
    if ((account === undefined) === (card === undefined))
      wrong('account', 'give either account or card');
    if (lots.length === 0 && Object.keys(spend).length === 0)
      wrong('lots', 'there is nothing to import: neither points nor spend');
    for (const [index, { availableAt, expiresAt }] of lots.entries()) {
      if (availableAt && expiresAt && instant(expiresAt) <= instant(availableAt))
        wrong(
          ['lots', index, 'expiresAt'],
          'must be after availableAt, or nobody can ever spend it',
        );
    }
  });
export type OpeningBalance = z.output<typeof openingBalance>;

/** Each item is checked by itself: one that is wrong does not hold up the others. */
const items = z.array(z.unknown()).min(1).max(pageBalancesMax);
export const systemName = text(100).describe('The system that we replace');

export class BalancePageForm extends createZodDto(
  z.strictObject({ program: text(100), system: systemName, items }),
) {}

/** Of a batch, which says of which programme and system it is. */
export class BatchPageForm extends createZodDto(z.strictObject({ items })) {}

/** What a page comes to: what a batch is made of. Items that are not valid are no part of it. */
export const pageFigures = z.strictObject({
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal'),
  balances: z.int().min(1).max(pageBalancesMax),
  points: z.int().min(0),
  spend: z.int().min(0).describe('Minor units, of all years'),
});
export type PageFigures = z.output<typeof pageFigures>;

const refusedItem = z.strictObject({
  status: z.int().min(400),
  problem: z.looseObject({ type: z.string(), title: z.string() }),
});
export type RefusedItem = z.input<typeof refusedItem>;

export class CheckedPage extends createZodDto(
  z.strictObject({
    page: pageFigures.nullable().describe('null: none of its items is valid'),
    items: z.array(
      z.union([
        z.strictObject({
          status: z.literal(200),
          outcome: z.strictObject({ reference: z.string(), points: z.int() }),
        }),
        refusedItem,
      ]),
    ),
  }),
) {}
export type CheckedItem = z.input<typeof CheckedPage.schema>['items'][number];

export class PostedPage extends createZodDto(
  z.strictObject({
    items: z.array(
      z.union([
        z.strictObject({
          status: z.literal(200),
          outcome: z.strictObject({
            reference: z.string(),
            account: z.string(),
            points: z.int(),
            known: z.boolean().describe('Whether this very balance had been imported before'),
          }),
        }),
        refusedItem,
      ]),
    ),
  }),
) {}
export type PostedItem = z.input<typeof PostedPage.schema>['items'][number];

/** What is pinned of a balance, but the account and the batch. */
export type BalanceContent = Omit<OpeningBalanceRequested, 'account' | 'batch'>;

export const contentOf = (
  program: ProgramId,
  system: string,
  item: OpeningBalance,
  card: CardToken | null,
): BalanceContent => {
  const { reference, spend } = item;
  const lots = item.lots.map(({ points, availableAt, expiresAt, ...rest }) => ({
    ...rest,
    points: Points.points(points),
    availableAt: availableAt ? instant(availableAt) : null,
    expiresAt: expiresAt ? instant(expiresAt) : null,
  }));
  const named = card === null ? { account: item.account } : { card };
  const hash = contentHash({ program, system, reference, lots, spend, ...named });
  return { program, system, reference, lots, spend, hash };
};
