import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { moment, printable, printableRule } from '@tallystick/contracts';
import { problem } from '@tallystick/service-host';
import type { ReratingFault, Refusal } from './change-rerating.js';
import { figures, reratingStatuses, type Rerating } from './rerating.js';

const text = (charsMax: number) =>
  z.string().trim().min(1).max(charsMax).regex(printable, printableRule);
const version = z.int().min(1);
const ref = z.strictObject({ version: z.int(), hash: z.string() });

export class ReratingRequestBody extends createZodDto(
  z.strictObject({
    program: text(100),
    from: version.describe('The version that was wrong'),
    to: version.describe('The approved version that rates instead what it had rated'),
    since: moment.nullish().describe('Facts from this moment on; without it: all'),
    until: moment.nullish().describe('Facts before this moment; without it: all'),
    reason: text(500).describe('Kept for ever, and told on each statement: nothing personal'),
  }),
) {}

export class ReratingRejectionBody extends createZodDto(z.strictObject({ reason: text(500) })) {}
export class ReratingQuery extends createZodDto(z.strictObject({ program: text(100) })) {}

const counted = z
  .strictObject({
    ...figures.shape,
    rules: z.array(z.strictObject(figures.shape.rules.element.shape)),
  })
  .nullable();

export class ReratingBody extends createZodDto(
  z.strictObject({
    rerating: z.string(),
    program: z.string(),
    from: ref,
    to: ref,
    since: z.string().nullable(),
    until: z.string().nullable(),
    reason: z.string(),
    status: z
      .enum(reratingStatuses)
      .describe(
        'requested: it is being counted; counted: it can be approved; approved: it is being posted; posted, rejected: over',
      ),
    requestedBy: z.string().describe("A token's subject"),
    requestedAt: z.string(),
    counted: counted.describe('The dry run: what it would have done when it was counted'),
    approvedBy: z.string().nullable(),
    posted: counted.describe('What it did'),
    rejected: z.strictObject({ by: z.string(), reason: z.string() }).nullable(),
    position: z.string().optional(),
  }),
) {}

export class ReratingList extends createZodDto(
  z.strictObject({ reratings: z.array(ReratingBody.schema) }),
) {}

export const bodyOf = (found: Rerating): Omit<ReratingBody, 'position'> => {
  const { asked, status, requestedAt, counted: dry, approvedBy, posted, rejected } = found;
  const { rerating, program, from, to, since, until, reason, requestedBy } = asked;
  return {
    ...{ rerating, program, from, to, since, until, reason, status, requestedBy, requestedAt },
    ...{ counted: dry, approvedBy, posted, rejected },
  };
};

export const reratingUnknown = () =>
  problem({ status: 404, type: 'rerating-unknown', title: 'There is no such run' });

export const reratingInvalid = (errors: readonly ReratingFault[]) =>
  problem({
    status: 422,
    type: 'rerating-invalid',
    title: 'Nothing can be rated again like this',
    errors,
  });

export const refused = (refusal: Refusal) => {
  switch (refusal.kind) {
    case 'unknown':
      return reratingUnknown();
    case 'same-person':
      return problem({
        status: 403,
        type: 'rerating-same-person',
        title: 'Who asks for a run cannot approve it',
        detail: 'Another manager has to approve it.',
      });
    case 'not-counted':
      return problem({
        status: 409,
        type: 'rerating-not-counted',
        title: 'It is not counted yet what the run would do',
        detail: 'Read it again in a while: it can be approved when its status is counted.',
      });
    case 'closed':
      return problem({
        status: 409,
        type: 'rerating-closed',
        title: 'This run is not open any more',
        detail: `It is ${refusal.status}.`,
        extensions: { reratingStatus: refusal.status },
      });
  }
};
