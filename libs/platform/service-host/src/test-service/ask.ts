import { z } from 'zod';

export interface Sent {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
  /** Of a problem: its type without the prefix, its detail, and the fields at fault. */
  readonly type: string | undefined;
  readonly detail: string | undefined;
  readonly fields: readonly string[];
}

const problemBody = z.object({
  type: z.string().startsWith('urn:tallystick:problem:'),
  detail: z.string().optional(),
  errors: z.array(z.object({ field: z.string() })).default([]),
});

/** One HTTP request, and what came back. */
export const ask = async (
  url: string,
  { token, headers, ...rest }: Sent = {},
): Promise<Answered> => {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { ...rest, headers: { ...authorization, ...headers } });
  const text = await response.text();
  const json = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  const body: unknown = json && text !== '' ? JSON.parse(text) : undefined;
  const problem = response.status >= 400 ? problemBody.safeParse(body).data : undefined;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body,
    type: problem?.type.replace('urn:tallystick:problem:', ''),
    detail: problem?.detail,
    fields: problem?.errors.map(({ field }) => field) ?? [],
  };
};
