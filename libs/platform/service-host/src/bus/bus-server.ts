import {
  BaseRpcContext,
  Server,
  type CustomTransportStrategy,
  type MessageHandler,
} from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { topics } from '@tallystick/contracts';
import type { Consumer, Message, MessageBus, Verdict } from '@tallystick/message-bus';
import { aboutMessages } from '../context.js';
import type { ConsumerState } from '../http/health.js';
import type { Log } from '../log.js';
import { processed, type Processor } from '../telemetry/processing.js';
import { isAway, PoisonMessage } from './relayed.js';

/** A bug in a handler, as seen by the bus. */
class HandlerBroken extends Error {}

/**
 * Nest's transport over the MessageBus port, whichever adapter: `@EventPattern(topic)` handlers take a whole batch and
 * answer with a verdict per message. A handler that throws `PoisonMessage` on a batch gets its messages one by one,
 * so that only the poisonous one goes to the dead letters.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  override transportId = Symbol('tallystick bus');
  override readonly propagatesEventHandlerErrors = true;
  private readonly consumers = new Map<string, Consumer>();

  constructor(
    private readonly bus: MessageBus,
    private readonly group: string,
    private readonly log: Log,
    /** Null: telemetry is off. */
    private readonly processor: Processor | null = null,
  ) {
    super();
  }

  /** The topics that this service's controllers ask for. */
  get topicNames(): string[] {
    return [...this.messageHandlers.keys()];
  }

  /** Throws on a topic that does not exist and on a topic with two handlers. */
  checkHandlers(): void {
    const known = new Set<string>(Object.values(topics).map(({ name }) => name));
    for (const [topic, handler] of this.messageHandlers) {
      if (!known.has(topic))
        throw new Error(`a handler asks for the topic ${topic}, which does not exist`);
      if (handler.next !== undefined)
        throw new Error(`the topic ${topic} has more than one handler`);
    }
  }

  listen(callback: (error?: unknown) => void): void {
    this.subscribeAll().then(() => callback(), callback);
  }

  /** Lets the batches in hand end. */
  async close(): Promise<void> {
    await Promise.all([...this.consumers.values()].map((consumer) => consumer.close()));
  }

  /** What the handler of its topic says of one message that does not come from the bus: a dead letter, tried again. */
  async handleOne(message: Message): Promise<Verdict> {
    const handler = this.messageHandlers.get(message.topic);
    if (handler === undefined) throw new Error(`no handler asks for the topic ${message.topic}`);
    const [verdict] = await this.handle(message.topic, handler, [message]);
    if (verdict === undefined) throw new Error('there is a verdict on each message');
    return verdict;
  }

  /** How the consumer of each topic is. */
  states(): ReadonlyMap<string, ConsumerState> {
    return new Map(
      this.topicNames.map((topic) => {
        const status = this.consumers.get(topic)?.status();
        if (status === undefined) return [topic, 'closed'];
        return [
          topic,
          status.state === 'running' && status.retrying.length > 0 ? 'retrying' : status.state,
        ];
      }),
    );
  }

  /** How often the partitions of each topic were shared out anew. */
  rebalances(): ReadonlyMap<string, number> {
    return new Map(
      [...this.consumers].map(([topic, consumer]) => [topic, consumer.status().rebalances]),
    );
  }

  on(): never {
    throw new Error('the bus has no events of its own');
  }

  override unwrap(): never {
    throw new Error('inject MESSAGE_BUS instead');
  }

  private async subscribeAll(): Promise<void> {
    if (this.messageHandlers.size === 0) return;
    await this.bus.ensureTopics(Object.values(topics));
    for (const [topic, handler] of this.messageHandlers) {
      const consumer = await this.bus.subscribe({
        topics: [topic],
        group: this.group,
        handler: (batch) => this.handle(topic, handler, batch),
      });
      this.consumers.set(topic, consumer);
    }
  }

  private async handle(
    topic: string,
    handler: MessageHandler,
    batch: readonly Message[],
  ): Promise<readonly Verdict[]> {
    return aboutMessages(batch, () => this.handleLoudly(topic, handler, batch));
  }

  private async handleLoudly(
    topic: string,
    handler: MessageHandler,
    batch: readonly Message[],
  ): Promise<readonly Verdict[]> {
    try {
      const verdicts = await this.call(topic, handler, batch);
      if (this.log.isLevelEnabled('debug'))
        this.log.debug({ topic, messages: batch.length }, 'a batch was handled');
      return verdicts;
    } catch (error) {
      if (isAway(error)) this.log.warn({ topic, err: error }, 'a batch waits for what is away');
      else this.log.error({ topic, err: error }, 'a batch failed and will be tried again');
      throw error;
    }
  }

  private async call(
    topic: string,
    handler: MessageHandler,
    batch: readonly Message[],
  ): Promise<readonly Verdict[]> {
    try {
      return await (this.processor === null
        ? this.ask(topic, handler, batch)
        : processed(this.processor, topic, batch, (traced) => this.ask(topic, handler, traced)));
    } catch (error) {
      if (!(error instanceof PoisonMessage)) throw error;
      if (batch.length === 1) return [{ kind: 'poison', reason: error.reason }];
    }
    const verdicts: Verdict[] = [];
    for (const message of batch) verdicts.push(...(await this.call(topic, handler, [message])));
    return verdicts;
  }

  private async ask(
    topic: string,
    handler: MessageHandler,
    batch: readonly Message[],
  ): Promise<readonly Verdict[]> {
    const answered: unknown = await handler(batch, new BaseRpcContext([topic]));
    const verdicts: unknown = await lastValueFrom(this.transformToObservable(answered), {
      defaultValue: undefined,
    });
    if (!isVerdicts(verdicts) || verdicts.length !== batch.length) {
      throw new HandlerBroken(
        `the handler of ${topic} did not answer with one verdict per message`,
      );
    }
    return verdicts;
  }
}

const isVerdicts = (value: unknown): value is readonly Verdict[] =>
  Array.isArray(value) &&
  value.every(
    (one: unknown) =>
      typeof one === 'object' &&
      one !== null &&
      'kind' in one &&
      (one.kind === 'done' || one.kind === 'retry' || one.kind === 'poison'),
  );
