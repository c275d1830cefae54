import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import grpc from '@grpc/grpc-js';
import type {
  ServerReadableStream,
  ServerWritableStream,
  sendUnaryData,
  status as Status,
} from '@grpc/grpc-js';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendReq, AppendResp, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { maxAppendBytesDefault } from './behaviour.js';
import { EventLog } from './event-log.js';
import { Faults, type Call, type Fault } from './faults.js';
import { appendAnswer, expectedOf, proposedOf, streamOf } from './messages.js';
import type { Expected, Proposed } from './log-state.js';
import { answersTo, InvalidRead } from './reading.js';

export interface DoubleOptions {
  /** Where its log is kept. Without it, the log ends with the double. */
  readonly folder?: string;
  /** On 127.0.0.1; any free one without it. */
  readonly port?: number;
  /** As a real server's `MaxAppendSize`, in bytes; 1 MiB without it. */
  readonly maxAppendBytes?: number;
}

/** A double of an EventStoreDB server: speaks its gRPC protocol, keeps its promises, and fails when told to. Not the real thing: see `behaviour.ts`. */
export interface EventStoreDbDouble {
  /** `esdb://127.0.0.1:<port>?tls=false` */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** How many calls it has taken. */
  readonly calls: Readonly<Record<Call, number>>;
  /** Ends every connection as a network does. New ones can be made at once. */
  breakConnections(): void;
  /** Forgets everything, as another server at the same address would; only without a folder. */
  empty(): Promise<void>;
  /** Ends it; what it acknowledged is in its folder. */
  close(): Promise<void>;
}

const { status } = grpc;
const host = '127.0.0.1';

/** Ends a call with a status of its own. */
class Refused extends Error {
  readonly code: Status;
  readonly details: string;
  readonly metadata = new grpc.Metadata();

  constructor(code: Status, details: string, metadata: Readonly<Record<string, string>> = {}) {
    super(details);
    this.code = code;
    this.details = details;
    for (const [key, value] of Object.entries(metadata)) this.metadata.set(key, value);
  }
}

export const startEventStoreDbDouble = async (
  options: DoubleOptions = {},
): Promise<EventStoreDbDouble> => {
  const maxAppendBytes = options.maxAppendBytes ?? maxAppendBytesDefault;
  let log = await EventLog.open(options.folder);
  const faults = new Faults();
  const calls: Record<Call, number> = { append: 0, read: 0 };
  const sockets = new Set<Socket>();
  const closing = new AbortController();

  const breakConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  /** Resolves when the call may go on; throws when it is refused; never resolves when it hangs. */
  const meet = async (fault: Fault | undefined, when: 'before' | 'after'): Promise<void> => {
    if (fault?.kind === 'hang') await new Promise<never>(() => undefined);
    if (fault?.kind === 'slow' && when === 'before') await delay(fault.ms);
    if (fault?.kind === 'drop' && fault.when === when) {
      breakConnections();
      throw new Refused(status.UNAVAILABLE, 'the connection is gone');
    }
    if (fault?.kind === 'refuse' && fault.when === when) {
      throw new Refused(fault.code, fault.details, fault.metadata);
    }
  };

  const append = async (
    call: ServerReadableStream<AppendReq, AppendResp>,
    answer: sendUnaryData<AppendResp>,
  ): Promise<void> => {
    calls.append += 1;
    const fault = faults.meet('append');
    try {
      await meet(fault, 'before');
      const asked = await received(call, maxAppendBytes);
      const { stream, expected, events } = asked;
      const outcome = await log.append(stream, expected, events);
      await meet(fault, 'after');
      answer(null, appendAnswer(outcome, expected));
    } catch (error) {
      answer(failure(error));
    }
  };

  const read = async (call: ServerWritableStream<ReadReq, Buffer>): Promise<void> => {
    calls.read += 1;
    const fault = faults.meet('read');
    const ended = new AbortController();
    call.on('cancelled', () => ended.abort());
    call.on('close', () => ended.abort());
    try {
      await meet(fault, 'before');
      const asked = call.request.getOptions();
      if (asked === undefined) throw new InvalidRead('no options');
      const signal = AbortSignal.any([ended.signal, closing.signal]);
      let sent = 0;
      for await (const message of answersTo(log, asked, signal)) {
        if (ended.signal.aborted) return;
        if (fault?.kind === 'drop-after' && sent === fault.messages) breakConnections();
        sent += 1;
        if (!call.write(message)) await drained(call, signal);
      }
      await meet(fault, 'after');
      call.end();
    } catch (error) {
      call.emit('error', failure(error));
    }
  };

  const server = new grpc.Server();
  server.addService(
    // Events are kept as the bytes of their messages.
    {
      append: services.StreamsService.append,
      read: { ...services.StreamsService.read, responseSerialize: (bytes: Buffer) => bytes },
    },
    {
      append: (
        call: ServerReadableStream<AppendReq, AppendResp>,
        answer: sendUnaryData<AppendResp>,
      ) => void append(call, answer),
      read: (call: ServerWritableStream<ReadReq, Buffer>) => void read(call),
    },
  );
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    injector.injectConnection(socket);
  });
  listener.listen(options.port ?? 0, host);
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.addService(gossipService.GossipService, {
    read: (_: unknown, answer: sendUnaryData<InstanceType<typeof gossip.ClusterInfo>>) => {
      answer(null, clusterOf(port));
    },
  });

  return {
    url: `esdb://${host}:${port}?tls=false`,
    port,
    faults,
    calls,
    breakConnections,
    empty: async () => {
      if (options.folder !== undefined) throw new Error('what is in a folder is kept');
      breakConnections();
      await log.close();
      log = await EventLog.open(undefined);
    },
    close: async () => {
      closing.abort();
      listener.close();
      breakConnections();
      injector.destroy();
      server.forceShutdown();
      await log.close();
    },
  };
};

/** The whole of an append as it was sent. Rejects with `Refused`, also when the caller leaves before its end. */
const received = async (
  call: ServerReadableStream<AppendReq, AppendResp>,
  maxAppendBytes: number,
): Promise<{ stream: string; expected: Expected; events: Proposed[] }> => {
  let stream = '';
  let expected: Expected | undefined;
  const events: Proposed[] = [];
  let bytes = 0;
  const messages: AsyncIterable<AppendReq> = call;
  for await (const message of messages) {
    const options = message.getOptions();
    if (options !== undefined) {
      stream = streamOf(options.getStreamIdentifier());
      expected = expectedOf(options);
    }
    const proposed = message.getProposedMessage();
    if (proposed === undefined) continue;
    const event = proposedOf(proposed);
    bytes += event.data.length + event.metadata.length + event.type.length * 2;
    if (bytes > maxAppendBytes) {
      throw new Refused(
        status.INVALID_ARGUMENT,
        `Maximum Append Size of ${maxAppendBytes} Exceeded.`,
        {
          exception: 'maximum-append-size-exceeded',
          'maximum-append-size': String(maxAppendBytes),
        },
      );
    }
    events.push(event);
  }
  if (call.cancelled) throw new Refused(status.CANCELLED, 'the caller has left');
  if (expected === undefined) {
    throw new Refused(status.UNIMPLEMENTED, 'the double knows revisions and "no stream" only');
  }
  return { stream, expected, events };
};

const failure = (error: unknown): Refused => {
  if (error instanceof Refused) return error;
  const code = error instanceof InvalidRead ? status.INVALID_ARGUMENT : status.INTERNAL;
  return new Refused(code, error instanceof Error ? error.message : String(error));
};

const drained = async (
  call: ServerWritableStream<ReadReq, Buffer>,
  signal: AbortSignal,
): Promise<void> => {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      call.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
};

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const clusterOf = (port: number) => {
  const endpoint = new gossip.EndPoint();
  endpoint.setAddress(host);
  endpoint.setPort(port);
  const member = new gossip.MemberInfo();
  member.setState(gossip.MemberInfo.VNodeState.LEADER);
  member.setIsAlive(true);
  member.setHttpEndPoint(endpoint);
  const cluster = new gossip.ClusterInfo();
  cluster.addMembers(member);
  return cluster;
};
