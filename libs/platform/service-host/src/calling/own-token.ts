import { z } from 'zod';
import type { Credential } from './config.js';

/** A token that ends so soon is asked for anew: it has to be good when it arrives. */
const renewBeforeMs = 30_000;
/** For a token whose end the provider does not say. */
const lifetimeSecondsDefault = 60;

/** The bearer token that this service shows others. */
export interface OwnToken {
  /** Throws what keeps it from being got. */
  get(timeoutMs: number): Promise<string>;
  /** It was refused: the next one is asked for anew. */
  refused(): void;
}

export const ownToken = (credential: Credential, audience: string): OwnToken =>
  credential.kind === 'token'
    ? { get: () => Promise.resolve(credential.token), refused: () => undefined }
    : clientToken(credential, audience);

const granted = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive().default(lifetimeSecondsDefault),
});

/** Kept until shortly before its end; asked for once, however many wait for it. */
const clientToken = (
  client: Extract<Credential, { kind: 'client' }>,
  audience: string,
): OwnToken => {
  let held: { readonly token: string; readonly untilMs: number } | undefined;
  let asking: Promise<string> | undefined;
  const ask = async (timeoutMs: number): Promise<string> => {
    const { access_token: token, expires_in: seconds } = await grantOf(client, audience, timeoutMs);
    held = { token, untilMs: Date.now() + seconds * 1000 - renewBeforeMs };
    return token;
  };
  return {
    get: (timeoutMs) => {
      if (held !== undefined && held.untilMs > Date.now()) return Promise.resolve(held.token);
      asking ??= ask(timeoutMs).finally(() => {
        asking = undefined;
      });
      return asking;
    },
    refused: () => {
      held = undefined;
    },
  };
};

/** The client credentials grant of OAuth 2.0 (RFC 6749, 4.4), the client named as 2.3.1 has it. Some providers ask for the audience. */
const grantOf = async (
  { tokenUrl, id, secret, scope }: Extract<Credential, { kind: 'client' }>,
  audience: string,
  timeoutMs: number,
): Promise<z.output<typeof granted>> => {
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`);
  const asked = { grant_type: 'client_credentials', audience };
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${basic.toString('base64')}`, accept: 'application/json' },
    body: new URLSearchParams(scope === undefined ? asked : { ...asked, scope }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the token endpoint answered ${response.status}`);
  }
  const answer = granted.safeParse(await response.json());
  if (!answer.success) throw new Error('the token endpoint gave no bearer token');
  return answer.data;
};
