import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createOtherServices, type OtherServices } from './other-services.js';
import { ServiceAway } from './service-away.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const opened: Server[] = [];
const serve = async (answer: Answer): Promise<string> => {
  const server = createServer((request, response) => {
    void text(request).then((body) => answer(request, response, body));
  }).listen(0, '127.0.0.1');
  opened.push(server);
  await once(server, 'listening');
  const { port } = z.looseObject({ port: z.int() }).parse(server.address());
  return `http://127.0.0.1:${port}`;
};
afterEach(() => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};
const withToken = (enrollmentUrl: string, token = 'a-token'): OtherServices =>
  createOtherServices({ enrollmentUrl, credential: { kind: 'token', token } }, 'tallystick');
const failure = async (others: OtherServices): Promise<string> => {
  const error: unknown = await others.post('enrollment', '/v1/x', {}).catch((why: unknown) => why);
  if (!(error instanceof ServiceAway)) throw new Error(`not away: ${String(error)}`);
  return error.message;
};
/** Longer than who did not answer is left alone. */
const pauseMs = 1_100;

describe('another service', () => {
  it('is asked with this one’s token, over a connection that is kept', async () => {
    const connections = new Set<unknown>();
    const seen: string[] = [];
    const others = withToken(
      await serve((request, response, body) => {
        connections.add(request.socket);
        seen.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
        json(response, { done: seen.length });
      }),
    );
    expect(await others.post('enrollment', '/v1/x', { a: 1 })).toEqual({ done: 1 });
    // The connection is given back a moment after the answer.
    await sleep(50);
    expect(await others.post('enrollment', '/v1/x', { a: 2 })).toEqual({ done: 2 });
    expect(seen[1]).toBe('POST /v1/x Bearer a-token {"a":2}');
    expect(connections.size).toBe(1);
  });

  it.each([400, 401, 403, 404, 429, 500, 503])('that answers %i is away', async (status) => {
    const others = withToken(await serve((_, response) => json(response, {}, status)));
    expect(await failure(others)).toContain(`it answered ${status}`);
  });

  it('that answers no JSON is away', async () => {
    const others = withToken(await serve((_, response) => response.end('<html>')));
    expect(await failure(others)).toContain('enrollment cannot be asked now');
  });

  it('that was away is left alone for a moment, and then asked again', async () => {
    let asked = 0;
    const others = withToken(
      await serve((_, response) => {
        asked += 1;
        json(response, { asked }, asked === 1 ? 503 : 200);
      }),
    );
    await failure(others);
    expect(await failure(others)).toContain('a moment ago');
    await sleep(pauseMs);
    expect(await others.post('enrollment', '/v1/x', {})).toEqual({ asked: 2 });
  });

  it('is away where nothing listens, and where nobody said where it is', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => opened.pop()?.close(resolve));
    expect(await failure(withToken(url))).toContain('enrollment cannot be asked now');
    expect(await failure(createOtherServices(undefined, 'tallystick'))).toContain(
      'TALLYSTICK_ENROLLMENT_URL',
    );
  });
});

describe('a service that is a client of the identity provider', () => {
  /** Gives tokens t1, t2, …, each for so many seconds. */
  const provider = async (seconds: number, seen: string[] = []): Promise<string> => {
    let given = 0;
    return serve((request, response, body) => {
      given += 1;
      seen.push(`${request.headers.authorization} ${body}`);
      json(response, { access_token: `t${given}`, token_type: 'Bearer', expires_in: seconds });
    });
  };
  const asClient = (tokenUrl: string, enrollmentUrl: string): OtherServices => {
    const client = { tokenUrl, id: 'accrual', secret: 'p:w d', scope: 'tallystick/service' };
    return createOtherServices(
      { enrollmentUrl, credential: { kind: 'client', ...client } },
      'tallystick',
    );
  };
  const showing = (tokens: (string | undefined)[], status: () => number = () => 200) =>
    serve((request, response) => {
      tokens.push(request.headers.authorization);
      json(response, {}, status());
    });

  it('asks for a token once, names itself, and shows it until shortly before its end', async () => {
    const [seen, shown]: [string[], (string | undefined)[]] = [[], []];
    const others = asClient(await provider(3_600, seen), await showing(shown));
    await Promise.all([1, 2, 3].map(() => others.post('enrollment', '/v1/x', {})));
    expect(shown).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
    const basic = Buffer.from('accrual:p%3Aw%20d').toString('base64');
    expect(seen).toEqual([
      `Basic ${basic} grant_type=client_credentials&audience=tallystick&scope=tallystick%2Fservice`,
    ]);
  });

  it('asks for another one when it is about to end, and when it is refused', async () => {
    const shown: (string | undefined)[] = [];
    const brief = asClient(await provider(20), await showing(shown));
    await brief.post('enrollment', '/v1/x', {});
    await brief.post('enrollment', '/v1/x', {});
    expect(shown).toEqual(['Bearer t1', 'Bearer t2']);
    shown.length = 0;
    const refused = asClient(
      await provider(3_600),
      await showing(shown, () => (shown.length === 1 ? 401 : 200)),
    );
    expect(await failure(refused)).toContain('401');
    await sleep(pauseMs);
    await refused.post('enrollment', '/v1/x', {});
    expect(shown).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it('that gets none is as good as away, and tells no secret', async () => {
    for (const [status, answer] of [
      [401, {}],
      [200, { access_token: 't', token_type: 'DPoP' }],
      [200, {}],
    ] as const) {
      const url = await serve((_, response) => json(response, answer, status));
      const told = await failure(asClient(url, await showing([])));
      expect(told).toContain('the token endpoint');
      expect(told).not.toContain('p:w d');
    }
  });
});
