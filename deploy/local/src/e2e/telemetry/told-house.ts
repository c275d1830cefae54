import { serviceNames } from '@tallystick/contracts';
import type { Message } from '@tallystick/message-bus';
import { startOtlpReceiver, type OtlpReceiver } from '@tallystick/testing/otlp';
import { testDeployment, testStarter, type TestService } from '@tallystick/testing/service';
import { definitions, forEachService, perService } from '../../system/services.js';
import { houseOf, type House } from '../front-door/house.js';

/** Spans and metrics are exported this often. */
const everyMs = '200';

/** The five services, and who is told of what they do. */
export interface ToldHouse {
  readonly house: House;
  readonly otlp: OtlpReceiver;
  readonly services: Readonly<Record<(typeof serviceNames)[number], TestService>>;
  publish(message: Omit<Message, 'partition' | 'offset'>): Promise<void>;
  close(): Promise<void>;
}

/** `bus`: variables that say which one; PostgreSQL without any. */
export const startToldHouse = async (bus: Readonly<Record<string, string>>): Promise<ToldHouse> => {
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = everyMs;
  const otlp = await startOtlpReceiver();
  const deployment = await testDeployment();
  const env = {
    ...bus,
    TALLYSTICK_OTLP_ENDPOINT: otlp.url,
    OTEL_METRIC_EXPORT_INTERVAL: everyMs,
  };
  // The deployment's schemas are made by the first.
  const start = (service: (typeof serviceNames)[number]): Promise<TestService> => {
    const definition = definitions[service];
    const relay = definition.relay ?? false;
    return testStarter(definition, '/')(deployment, { env, relay });
  };
  const accrual = await start('accrual');
  const services = await forEachService(async (service) =>
    service === 'accrual' ? accrual : start(service),
  );
  const system = {
    url: accrual.url,
    urls: perService((service) => services[service].url),
    tokenFor: (claims: Parameters<typeof deployment.issuer.token>[0]) =>
      deployment.issuer.token(claims),
  };
  return {
    house: await houseOf(system, deployment.adminUrl),
    otlp,
    services,
    publish: (message) => accrual.bus.publish([message]),
    close: async () => {
      await forEachService((service) => services[service].close());
      await otlp.close();
      await deployment.drop();
    },
  };
};
