import type { ServiceName } from '@tallystick/contracts';
import type { CallingSettings } from './config.js';
import { ownToken } from './own-token.js';
import { ServiceAway } from './service-away.js';

/** From the question to the last byte of the answer. Whoever waits holds no more than one round of facts. */
const timeoutMs = 5_000;
/** Who did not answer is not asked again for so long: else each question of a busy service would wait for its own time-out. */
const pauseMs = 1_000;

/** Asks other services, over connections that are kept. */
export interface OtherServices {
  /** Sends JSON to a path, and gives the JSON of a 200. Throws `ServiceAway` for whatever else comes of it: no service of ours asks what is wrong. */
  post(service: 'enrollment', path: string, body: unknown): Promise<unknown>;
}

/** `settings` undefined: nobody said where they are. */
export const createOtherServices = (
  settings: CallingSettings | undefined,
  audience: string,
): OtherServices => {
  if (settings === undefined) {
    return {
      post: (service) =>
        Promise.reject(
          new ServiceAway(service, 'TALLYSTICK_ENROLLMENT_URL does not say where it is'),
        ),
    };
  }
  const { enrollmentUrl, credential } = settings;
  const token = ownToken(credential, audience);
  let awayUntilMs = 0;

  const ask = async (service: ServiceName, path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${enrollmentUrl}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await token.get(timeoutMs)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status === 200) return await response.json();
    await response.body?.cancel();
    if (response.status === 401) token.refused();
    throw new ServiceAway(service, `it answered ${response.status}`);
  };

  return {
    post: async (service, path, body) => {
      if (Date.now() < awayUntilMs)
        throw new ServiceAway(service, 'it did not answer a moment ago');
      try {
        return await ask(service, path, body);
      } catch (error) {
        awayUntilMs = Date.now() + pauseMs;
        throw error instanceof ServiceAway
          ? error
          : new ServiceAway(service, error instanceof Error ? error.message : String(error), error);
      }
    },
  };
};
