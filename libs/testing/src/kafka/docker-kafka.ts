import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { answers, type KafkaBrokerOptions, type MortalKafkaBroker } from './broker.js';
import { kafkaVersion } from './class-path.js';
import { freePort } from './free-port.js';

const clientPort = 9092;

/** Why there is no container runtime; undefined when there is one. */
export const dockerLacks = async (): Promise<string | undefined> => {
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch {
    return 'there is no Docker';
  }
};

/** Starts Apache's own image. The broker tells its clients its address, so the port outside is chosen beforehand. */
export const startDockerKafka = async ({
  mortal = false,
}: KafkaBrokerOptions = {}): Promise<MortalKafkaBroker> => {
  const port = await freePort();
  const container = await new GenericContainer(`apache/kafka:${kafkaVersion}`)
    .withExposedPorts({ container: clientPort, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: `PLAINTEXT://:${clientPort},CONTROLLER://:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      ...(mortal
        ? { KAFKA_BROKER_SESSION_TIMEOUT_MS: '2000', KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500' }
        : {}),
    })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const runtime = await getContainerRuntimeClient();
  const inDocker = runtime.container.getById(container.getId());
  const brokers = [`localhost:${port}`];
  await answers(brokers);
  return {
    brokers,
    stop: async () => {
      await container.stop();
    },
    kill: async () => {
      await inDocker.kill({ signal: 'SIGKILL' });
      await inDocker.wait();
    },
    terminate: async () => {
      await inDocker.stop();
    },
    restart: async () => {
      await inDocker.start();
      await answers(brokers);
    },
  };
};
