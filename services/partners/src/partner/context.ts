import { z } from 'zod';

/** What a request said of itself, as rows keep it. */
export const requestContext = z.object({
  correlationId: z.string(),
  traceparent: z.string(),
  actor: z.string(),
});
