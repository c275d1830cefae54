import { offerKafka } from './kafka/shared-kafka.js';
import { startTestServer } from './test-server.js';

/** What the tests of a run share: a PostgreSQL, and a Kafka once one of them asks for it. */
export default async (): Promise<void> => {
  await startTestServer();
  await offerKafka(async () => {
    const { chooseKafka } = await import('./kafka/choose-kafka.js');
    const kafka = await chooseKafka();
    if (kafka.kind === 'none') throw new Error(`there is no Kafka here: ${kafka.reason}`);
    return kafka.start();
  });
};
