import { withdrawKafka } from './kafka/shared-kafka.js';
import { stopTestServer } from './test-server.js';

export default async (): Promise<void> => {
  await Promise.all([withdrawKafka(), stopTestServer()]);
};
