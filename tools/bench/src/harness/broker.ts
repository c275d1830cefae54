import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';

/** The Kafka of a run of benchmarks: started when the first of them asks for it. */
export interface Broker {
  /** As `host:port`. Throws, with the reason, where there is none. */
  addresses(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** The one that `KAFKA_BROKERS` names, or one by Docker or Java, as the tests have it. */
export const lazyBroker = (): Broker => {
  let starting: Promise<KafkaBroker> | undefined;
  const start = async (): Promise<KafkaBroker> => {
    const kafka = await chooseKafka();
    if (kafka.kind === 'none') throw new Error(`this benchmark needs a Kafka: ${kafka.reason}`);
    return await kafka.start();
  };
  return {
    addresses: async () => (await (starting ??= start())).brokers,
    stop: async () => {
      const broker = await starting?.catch(() => undefined);
      await broker?.stop();
    },
  };
};
