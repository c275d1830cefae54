import { z } from 'zod';
import { timeZone } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { moment } from './calendar.js';
import { currencyCode } from './currency.js';
import { known } from './known.js';
import { referenceFaults } from './rulebook-references.js';
import {
  birthday,
  budget,
  caps,
  earningRule,
  exclusions,
  group,
  lotLife,
  partnerRule,
} from './rulebook-rules.js';
import { certificate, discount, membership, reward, tiers } from './rulebook-tiers.js';
import { id, positive, text, wholePoints } from './rulebook-words.js';

/** A rulebook document, format 1: one version of a programme. Its JSON Schema is made from this. */
export const rulebookV1 = z
  .strictObject({
    rulebook: z.literal(1).describe('The format of this document'),
    program: id,
    version: z.int().min(1).max(1_000_000),
    name: text(200),
    unit: text(30).default('points'),
    effectiveFrom: moment,
    currency: currencyCode,
    timeZone: z.string().refine(known(timeZone), 'must be an IANA time zone such as Europe/London'),
    earning: z.array(earningRule).max(500).default([]),
    partnerEvents: z.array(partnerRule).max(500).default([]),
    exclusions,
    lots: lotLife.default({ pendingDays: 0, expiry: 'never' }),
    tiers: tiers.nullable().default(null),
    redemption: z
      .strictObject({ points: wholePoints, value: positive })
      .nullable()
      .default(null)
      .describe('What points are worth when they are spent as money'),
    returns: z
      .strictObject({ windowDays: z.int().min(1).max(36_500).default(365) })
      .default({ windowDays: 365 }),
    claims: z
      .strictObject({ windowDays: z.int().min(0).max(36_500).nullable().default(null) })
      .default({ windowDays: null })
      .describe('How far back a newly linked card claims receipts that waited for it; null: all'),
    refunds: z
      .strictObject({ graceDays: z.int().min(0).max(3_650).default(0) })
      .default({ graceDays: 0 }),
    // No default: a document that was published before this could be named keeps its hash.
    arrears: z
      .strictObject({ policy: z.enum(['next-awards', 'waived', 'paid-in-money']) })
      .exactOptional()
      .describe(
        'How points that an account owes are settled: the next awards pay them, which is so when this is left out; they are waived as they arise; or they stay until they are paid in money',
      ),
    attributes: z
      .record(
        z.string().regex(/^[a-z][A-Za-z0-9]{0,40}$/),
        z.enum(['bool', 'string', 'strings', 'int']),
      )
      .exactOptional()
      .describe('What else is known of a member: member.<name> in conditions'),
    birthday: birthday.exactOptional(),
    groups: z.array(group).min(1).max(100).exactOptional(),
    caps: caps
      .exactOptional()
      .describe('On all rules for receipts together; partner events are not cut by them'),
    budgets: z.array(budget).min(1).max(500).exactOptional(),
    discounts: z.array(discount).min(1).max(100).exactOptional(),
    certificates: z.array(certificate).min(1).max(100).exactOptional(),
    rewards: z.array(reward).min(1).max(1_000).exactOptional(),
    memberships: z.array(membership).min(1).max(50).exactOptional(),
  })
  .superRefine((document, context) => {
    for (const { path, message } of referenceFaults(toRulebook(document)))
      context.addIssue({ code: 'custom', path: [...path], message });
  });

/** The meaning of a checked document; the format number is the document's alone. */
export const toRulebook = (document: z.output<typeof rulebookV1>): Rulebook => {
  const { rulebook: _format, ...rulebook } = document;
  return rulebook;
};

/** The JSON Schema (2020-12) of the document, for editors; what it cannot say is in the messages of the check. */
export const rulebookJsonSchema = (): object =>
  z.toJSONSchema(rulebookV1, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' });
