import {
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { KafkaContext, ServerKafka } from '@nestjs/microservices';
import { accrual, ReceiptsConsumer } from '@tallystick/accrual';
import type { ServiceDefinition } from '@tallystick/service-host';

export interface StockOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
}

/**
 * Accrual with Nest's own Kafka transport beside its bus: it hands over one message at a time, parsed, and each goes to the same
 * handler that ours gives a batch. What a user would write with what comes with Nest.
 */
export const accrualOnStockTransport = ({ brokers, topic }: StockOptions): ServiceDefinition => {
  @Injectable()
  class StockTransport implements OnApplicationBootstrap, OnApplicationShutdown {
    private readonly server = new ServerKafka({
      client: { brokers: [...brokers] },
      consumer: { groupId: `${topic}-stock` },
      subscribe: { fromBeginning: true },
    });

    constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

    async onApplicationBootstrap(): Promise<void> {
      const consumer = this.modules.get(ReceiptsConsumer, { strict: false });
      const take = async (value: unknown, context: KafkaContext): Promise<void> => {
        const { key, offset } = context.getMessage();
        await consumer.take([
          {
            topic,
            partition: context.getPartition(),
            offset: BigInt(offset),
            key: key?.toString() ?? '',
            id: `${topic}/${context.getPartition()}/${offset}`,
            headers: {},
            value: typeof value === 'string' ? value : JSON.stringify(value),
          },
        ]);
      };
      this.server.addHandler(topic, take, true);
      const listening = Promise.withResolvers<undefined>();
      await this.server.listen((error?: unknown) => {
        if (error === undefined || error === null) listening.resolve(undefined);
        else listening.reject(error);
      });
      await listening.promise;
    }

    async onApplicationShutdown(): Promise<void> {
      await this.server.close();
    }
  }

  @Module({ imports: [accrual.module], providers: [StockTransport] })
  class WithStockTransport {}
  return { ...accrual, module: WithStockTransport, relay: false };
};
