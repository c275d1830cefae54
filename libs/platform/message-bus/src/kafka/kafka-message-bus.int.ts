import { randomUUID } from 'node:crypto';
import { describe, it } from '@jest/globals';
import { chooseKafka } from '@tallystick/testing/kafka';
import { assumed } from '../contract/bus-under-test.js';
import { messageBusContract } from '../contract/message-bus-contract.js';
import { createKafkaMessageBus } from './bus.js';

const kafka = await chooseKafka();

if (kafka.kind === 'none') {
  describe('message bus: Kafka', () => {
    it.skip(`is left out: ${kafka.reason}`, () => {});
  });
} else {
  messageBusContract(`Kafka (${kafka.kind})`, async () => {
    const broker = await kafka.share();
    const prefix = `test-${randomUUID().slice(0, 8)}.`;
    return {
      open: () => {
        const bus = createKafkaMessageBus({
          brokers: broker.brokers,
          prefix,
          limits: {
            sessionTimeoutMs: 6000,
            // How long others wait for a handler that hangs.
            rebalanceTimeoutMs: 6000,
            heartbeatEveryMs: 500,
            retryDelayMinMs: assumed.retryDelayMinMs,
            retryDelayMaxMs: assumed.retryDelayMaxMs,
            reconnectDelayMinMs: 20,
          },
        });
        return { bus, cut: async () => bus.cut() };
      },
      close: () => broker.stop(),
    };
  });
}
