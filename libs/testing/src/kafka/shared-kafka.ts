import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { z } from 'zod';
import type { KafkaBroker } from './broker.js';

/** Says where to ask for the run's broker. */
const variable = 'TALLYSTICK_TEST_KAFKA';

const answer = z.union([
  z.object({ brokers: z.array(z.string()) }),
  z.object({ error: z.string() }),
]);

let offered: { readonly server: Server; broker?: Promise<KafkaBroker> } | undefined;

/**
 * Offers a broker to all tests of a run, started when the first of them asks for it. To be called by the process that outlives
 * the tests; the environment tells them where to ask. Does nothing when it tells that already.
 */
export const offerKafka = async (start: () => Promise<KafkaBroker>): Promise<void> => {
  if (process.env[variable] !== undefined) return;
  const server = createServer((_, response) => {
    const say = (said: z.input<typeof answer>): void => void response.end(JSON.stringify(said));
    here.broker ??= start();
    here.broker.then(
      ({ brokers }) => say({ brokers: [...brokers] }),
      (error: unknown) => say({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  const here: NonNullable<typeof offered> = { server };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It must not keep a run that was given up from ending.
  server.unref();
  offered = here;
  process.env[variable] = urlOf(server);
};

/** Stops what was offered. */
export const withdrawKafka = async (): Promise<void> => {
  if (offered === undefined) return;
  const { server, broker } = offered;
  offered = undefined;
  Reflect.deleteProperty(process.env, variable);
  server.closeAllConnections();
  server.close();
  // Why it did not start was said to who had asked.
  await (await broker?.catch(() => undefined))?.stop();
};

const urlOf = (server: Server): string => {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('a server that listens has a port');
  return `http://127.0.0.1:${address.port}/`;
};

/** The run's broker, or `start`'s where no run offers one. Others use it too: take a prefix for topics and groups, and leave it running. */
export const sharedKafka = async (start: () => Promise<KafkaBroker>): Promise<KafkaBroker> => {
  const url = process.env[variable];
  if (url === undefined) return start();
  const said = answer.parse(await (await fetch(url)).json());
  if ('error' in said) throw new Error(said.error);
  return { brokers: said.brokers, stop: async () => {} };
};
