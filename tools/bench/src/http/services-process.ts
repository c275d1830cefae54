import { enrollment } from '@tallystick/enrollment';
import {
  startService,
  type RunningService,
  type ServiceDefinition,
} from '@tallystick/service-host';
import { accrualWithBareRoute, redemptionWithBareRoute } from './bare-routes.js';
import { accrualOnStockTransport } from '../kafka/stock-transport.js';
import type { FromServices, ToServices } from './messages.js';

/** The process of the services that are measured; told by its parent what to start and to stop. Ends with its parent. */
const definitions = new Map(
  [enrollment, accrualWithBareRoute, redemptionWithBareRoute].map((one) => [one.name, one]),
);
type Start = Extract<ToServices, { kind: 'start' }>;

const running = new Map<string, RunningService>();

const accrualAs = (how: NonNullable<Start['accrual']>): ServiceDefinition =>
  how === 'without-relay'
    ? { ...accrualWithBareRoute, relay: false }
    : accrualOnStockTransport(how.stock);

const tell = (message: FromServices): void => void process.send?.(message);

const handle = async (message: ToServices): Promise<void> => {
  switch (message.kind) {
    case 'start':
      for (const name of message.services) {
        const definition =
          name === 'accrual' && message.accrual !== undefined
            ? accrualAs(message.accrual)
            : definitions.get(name);
        const env = message.env[name];
        if (definition === undefined || env === undefined) throw new Error(`no service ${name}`);
        running.set(name, await startService(definition, env));
      }
      tell({
        kind: 'started',
        urls: Object.fromEntries([...running].map(([name, { url }]) => [name, url ?? ''])),
      });
      return;
    case 'stop':
      await running.get(message.service)?.close();
      running.delete(message.service);
      tell({ kind: 'stopped' });
  }
};

process.on('message', (message: ToServices) => {
  handle(message).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(0));
