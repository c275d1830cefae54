import type { Kafka, Producer, ProducerConfig } from 'kafkajs';
import { call, createsCluster, objectOf } from './inner-kafka.js';

const transactionCoordinator = 1;

/**
 * An idempotent producer that fences the earlier ones of its name: it asks for its id as a transactional producer does, so that
 * each gets the same id with a higher epoch, and a partition that has seen an epoch refuses what comes with a lower one
 * (`INVALID_PRODUCER_EPOCH`). It never begins a transaction: whose markers would take offsets that no consumer can pass.
 *
 * kafkajs offers this for transactions alone; so one method of one of its inner objects is put in place of another.
 */
export const fencedProducer = (kafka: Kafka, name: string, config: ProducerConfig): Producer => {
  const key = createsCluster(kafka);
  const fencing: unknown = Object.create(kafka, {
    [key]: {
      value: (...options: readonly unknown[]): object => {
        const cluster = objectOf(call(kafka, key, ...options));
        Reflect.set(cluster, 'findControllerBroker', async () => {
          const asked = { groupId: name, coordinatorType: transactionCoordinator };
          const broker = objectOf(await call(cluster, 'findGroupCoordinator', asked));
          return {
            initProducerId: (request: object) =>
              call(broker, 'initProducerId', { ...request, transactionalId: name }),
          };
        });
        return cluster;
      },
    },
  });
  if (!isKafka(fencing)) throw new Error('what is made from a Kafka is one');
  return fencing.producer({ ...config, idempotent: true });
};

const isKafka = (value: unknown): value is Kafka =>
  typeof value === 'object' && value !== null && 'producer' in value;
