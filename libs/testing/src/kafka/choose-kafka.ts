import {
  answers,
  type KafkaBroker,
  type KafkaBrokerOptions,
  type MortalKafkaBroker,
} from './broker.js';
import { javaLacks } from './class-path.js';
import { dockerLacks, startDockerKafka } from './docker-kafka.js';
import { startJavaKafka } from './java-kafka.js';
import { sharedKafka } from './shared-kafka.js';

/** Where the tests' Kafka comes from. */
export type KafkaForTests =
  /** One that runs: `KAFKA_BROKERS` names it. Nobody kills it. */
  | {
      readonly kind: 'given';
      start(): Promise<KafkaBroker>;
      share(): Promise<KafkaBroker>;
    }
  | {
      readonly kind: 'docker' | 'java';
      /** Starts a broker of one's own. */
      start(options?: KafkaBrokerOptions): Promise<MortalKafkaBroker>;
      /** One for all tests of the run: with a prefix of one's own, and not to be killed. */
      share(): Promise<KafkaBroker>;
    }
  | { readonly kind: 'none'; readonly reason: string };

const probeMaxMs = 10_000;

/**
 * `KAFKA_BROKERS` (host:port, separated by commas), else Docker, else Java and Maven, else none, with the reason. In
 * continuous integration (`CI` is set) there must be one. Throws when `KAFKA_BROKERS` names one that does not answer.
 */
export const chooseKafka = async (): Promise<KafkaForTests> => {
  const named = process.env['KAFKA_BROKERS'];
  if (named !== undefined && named !== '') {
    const brokers = named.split(',').map((one) => one.trim());
    await answers(brokers, probeMaxMs);
    const start = async (): Promise<KafkaBroker> => ({ brokers, stop: async () => {} });
    return { kind: 'given', start, share: start };
  }
  const noDocker = await dockerLacks();
  if (noDocker === undefined) return own('docker', startDockerKafka);
  const noJava = await javaLacks();
  if (noJava === undefined) return own('java', startJavaKafka);
  const reason = `KAFKA_BROKERS is not set, ${noDocker}, ${noJava}`;
  if (process.env['CI'] !== undefined)
    throw new Error(`these tests need a Kafka, and in CI they are not left out: ${reason}`);
  return { kind: 'none', reason };
};

const own = (
  kind: 'docker' | 'java',
  start: (options?: KafkaBrokerOptions) => Promise<MortalKafkaBroker>,
): KafkaForTests => ({ kind, start, share: () => sharedKafka(start) });
