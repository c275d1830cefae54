import type { EventStore } from '@tallystick/event-store';
import type { MessageBus } from '@tallystick/message-bus';
import type { Relay } from '@tallystick/relay';
import type { Observed, Telemetry } from '@tallystick/telemetry';
import {
  ATTR_MESSAGING_CONSUMER_GROUP_NAME,
  ATTR_MESSAGING_DESTINATION_NAME,
} from '@opentelemetry/semantic-conventions/incubating';
import type { BusServer } from '../bus/bus-server.js';

export interface ObservedService {
  readonly telemetry: Telemetry;
  readonly bus: MessageBus;
  readonly store: EventStore;
  readonly busServer: BusServer;
  readonly group: string;
  /** Where the service runs it. */
  readonly relay: Relay | undefined;
}

/** What is looked at before each export. Returns what ends that: to be called before its parts are closed. */
export const observeService = (parts: ObservedService): (() => void) => {
  const { telemetry, bus, busServer, group, relay } = parts;
  const lag = async (topic: string): Promise<Observed> => ({
    value: Number(await bus.lag(group, [topic])),
    attributes: ofGroup(topic, group),
  });
  const letters = async (topic: string): Promise<Observed> => ({
    value: Number(await bus.deadLetterCount(group, topic)),
    attributes: ofGroup(topic, group),
  });
  const stops = [
    telemetry.observe('consumerLag', () => Promise.all(busServer.topicNames.map(lag))),
    telemetry.observe('deadLetters', () => Promise.all(busServer.topicNames.map(letters))),
    telemetry.observe('rebalances', async () =>
      [...busServer.rebalances()].map(([topic, value]) => ({
        value,
        attributes: ofGroup(topic, group),
      })),
    ),
    ...(relay === undefined ? [] : observeRelay(parts, relay)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};

const ofGroup = (topic: string, group: string) => ({
  [ATTR_MESSAGING_DESTINATION_NAME]: topic,
  [ATTR_MESSAGING_CONSUMER_GROUP_NAME]: group,
});

const observeRelay = ({ telemetry, store }: ObservedService, relay: Relay) => [
  telemetry.observe('relayLag', async () => {
    // One that stands by knows only where the other was a while ago.
    if (relay.status().state !== 'active') return [];
    const published = relay.position();
    const behind = (await store.head()) - published;
    return [{ value: behind > 0n ? Number(behind) : 0 }];
  }),
];
