import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';
import { programId } from '@tallystick/kernel';
import { problem } from '@tallystick/service-host';
import { readCursor, writeCursor } from './cursor.js';
import type { RequestsView } from './requests-view.js';
import type { Named } from './signed-streams.js';

/** Which page of a programme's open requests. */
export class OpenRequestsQuery extends createZodDto(
  z.strictObject({
    program: z.string().trim().min(1).max(100).regex(printable, printableRule),
    cursor: z.string().max(500).optional().describe('`next` of the page before'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
) {}

/** Why a request is ended. */
export class RejectionBody extends createZodDto(
  z.strictObject({
    reason: z.string().trim().min(1).max(500).regex(printable, printableRule),
  }),
) {}

/** A page of the open requests, the oldest first. Throws the problem `validation` on a cursor that no page gave. */
export const openRequests = async <Found extends { readonly status: string }>(
  view: RequestsView,
  query: Pick<OpenRequestsQuery, 'program' | 'cursor' | 'limit'>,
  read: (named: Named) => Promise<Found | null>,
): Promise<{ readonly found: readonly Found[]; readonly next: string | null }> => {
  const program = programId(query.program);
  const after = query.cursor === undefined ? null : readCursor(query.cursor);
  if (query.cursor !== undefined && after === null) {
    throw problem({
      status: 400,
      type: 'validation',
      title: 'The request is not valid',
      errors: [{ field: 'cursor', message: 'is not one that a page before gave' }],
    });
  }
  const listed = await view.open(program, after, query.limit + 1);
  const page = listed.slice(0, query.limit);
  const last = page.at(-1);
  const found = await Promise.all(page.map(({ id }) => read({ program, id })));
  return {
    // The view may be behind.
    found: found.flatMap((one) => (one?.status === 'requested' ? [one] : [])),
    next: listed.length > page.length && last !== undefined ? writeCursor(last) : null,
  };
};
