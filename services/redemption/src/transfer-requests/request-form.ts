import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { position, program, reason, time, whichAccount, wholePoints } from '../fields.js';
import { transferRequestStatuses, type TransferRequest } from './transfer-request.js';

export class TransferRequestForm extends createZodDto(
  z.strictObject({
    program,
    from: z.strictObject(whichAccount),
    to: z.strictObject(whichAccount),
    points: wholePoints,
    reason: reason.describe('Kept for ever: why, and nothing personal'),
  }),
) {}

export class TransferRequestBody extends createZodDto(
  z.strictObject({
    transfer: z.string().describe('Also the id of the transfer, once it is applied'),
    program: z.string(),
    from: z.string(),
    to: z.string(),
    points: z.int(),
    reason: z.string(),
    status: z
      .enum(transferRequestStatuses)
      .describe('requested: open; approved: for a moment, on its way; applied, rejected: over'),
    requestedBy: z.string().describe("A token's subject"),
    requestedAt: time,
    approvedBy: z.string().nullable(),
    rejected: z.strictObject({ by: z.string(), reason: z.string() }).nullable(),
    position: position.optional(),
  }),
) {}

export class TransferRequestList extends createZodDto(
  z.strictObject({
    transfers: z.array(TransferRequestBody.schema),
    next: z.string().nullable(),
  }),
) {}

export const bodyOf = (found: TransferRequest): Omit<TransferRequestBody, 'position'> => {
  const { asked, status, requestedAt, approvedBy, rejected } = found;
  const { hash: _, ...said } = asked;
  return { ...said, status, requestedAt, approvedBy, rejected };
};
