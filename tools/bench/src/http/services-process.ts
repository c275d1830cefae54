import { enrollment } from '@tallystick/enrollment';
import { startService, type RunningService } from '@tallystick/service-host';
import { accrualWithBareRoute, redemptionWithBareRoute } from './bare-routes.js';
import type { FromServices, ToServices } from './messages.js';

/** The process of the services that are measured; told by its parent what to start and to stop. Ends with its parent. */
const definitions = new Map(
  [enrollment, accrualWithBareRoute, redemptionWithBareRoute].map((one) => [one.name, one]),
);
const running = new Map<string, RunningService>();

const tell = (message: FromServices): void => void process.send?.(message);

const handle = async (message: ToServices): Promise<void> => {
  switch (message.kind) {
    case 'start':
      for (const name of message.services) {
        const definition = definitions.get(name);
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
