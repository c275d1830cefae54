import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Names a real EventStoreDB that the tests may fill: `esdb://…`, one node, without TLS. */
export const eventStoreDbVariable = 'EVENTSTORE_URL';

/** A real server, behind something that can break its connections. It cannot be emptied. */
export interface RealEventStoreDb {
  readonly url: string;
  breakConnections(): void;
  stop(): Promise<void>;
}

const image = 'eventstore/eventstore:24.2.0-jammy';
const port = 2113;
/** The most that a server takes: 16 MiB less 10,000. */
const environment = {
  EVENTSTORE_INSECURE: 'true',
  EVENTSTORE_MEM_DB: 'true',
  EVENTSTORE_MAX_APPEND_SIZE: '16767216',
};

/** The server that EVENTSTORE_URL names, or one in a container where Docker is; undefined where neither is. */
export const startRealEventStoreDb = async (): Promise<RealEventStoreDb | undefined> => {
  const named = process.env[eventStoreDbVariable];
  if (named !== undefined && named !== '') return await breakable(named, async () => undefined);
  const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
  } catch {
    return undefined;
  }
  const container = await new GenericContainer(image)
    .withEnvironment(environment)
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/health/live', port).forStatusCode(204))
    .start();
  const url = `esdb://${container.getHost()}:${container.getMappedPort(port)}?tls=false`;
  return await breakable(url, async () => {
    await container.stop();
  });
};

/** Puts a relay of bytes between the server and whoever uses it. */
const breakable = async (url: string, stop: () => Promise<void>): Promise<RealEventStoreDb> => {
  const server = new URL(url);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket, other: () => Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other().destroy();
    });
  };
  const relay = createServer((near) => {
    const far = connect(Number(server.port), server.hostname);
    keep(near, () => far);
    keep(far, () => near);
    near.pipe(far).pipe(near);
  });
  const breakConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address();
  const at = new URL(url);
  at.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    url: at.href,
    breakConnections,
    stop: async () => {
      relay.close();
      breakConnections();
      await stop();
    },
  };
};
