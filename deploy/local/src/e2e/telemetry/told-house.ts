import type { ServiceName } from '@tallystick/contracts';
import {
  createKafkaMessageBus,
  createPostgresMessageBus,
  type OutgoingMessage,
} from '@tallystick/message-bus';
import type { TokenClaims } from '@tallystick/service-host';
import { startOtlpReceiver, type OtlpReceiver } from '@tallystick/testing/otlp';
import { testDeployment, testStarter, type TestService } from '@tallystick/testing/service';
import { busEnv, type LocalKafka } from '../../system/service-env.js';
import { definitions, forEachService, perService } from '../../system/services.js';
import { houseOf, type House } from '../front-door/house.js';

/** Spans and metrics are exported this often. */
const everyMs = '200';

/** The five services, and who is told of what they do. */
export interface ToldHouse {
  readonly house: House;
  /** A bearer token that the services accept. */
  tokenFor(claims: TokenClaims): Promise<string>;
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly otlp: OtlpReceiver;
  readonly services: Readonly<Record<ServiceName, TestService>>;
  /** As a till does. */
  publish(message: OutgoingMessage): Promise<void>;
  close(): Promise<void>;
}

/** `kafka`: the bus, unless it is in PostgreSQL. */
export const startToldHouse = async (kafka: LocalKafka | undefined): Promise<ToldHouse> => {
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = everyMs;
  const otlp = await startOtlpReceiver();
  const deployment = await testDeployment();
  const env = {
    ...busEnv(kafka),
    TALLYSTICK_OTLP_ENDPOINT: otlp.url,
    OTEL_METRIC_EXPORT_INTERVAL: everyMs,
  };
  const start = (service: ServiceName): Promise<TestService> => {
    const definition = definitions[service];
    const relay = definition.relay ?? false;
    return testStarter(definition, '/')(deployment, { env, relay });
  };
  // The schemas that all share are made by the first.
  const accrual = await start('accrual');
  const services = await forEachService(async (service) =>
    service === 'accrual' ? accrual : start(service),
  );
  const bus =
    kafka === undefined
      ? createPostgresMessageBus({ url: deployment.adminUrl })
      : createKafkaMessageBus({ ...kafka, clientId: 'till' });
  const system = {
    url: accrual.url,
    urls: perService((service) => services[service].url),
    tokenFor: (claims: TokenClaims) => deployment.issuer.token(claims),
  };
  return {
    house: await houseOf(system, deployment.adminUrl),
    tokenFor: system.tokenFor,
    urls: system.urls,
    otlp,
    services,
    publish: (message) => bus.publish([message]),
    close: async () => {
      await bus.close();
      await forEachService((service) => services[service].close());
      await otlp.close();
      await deployment.drop();
    },
  };
};
