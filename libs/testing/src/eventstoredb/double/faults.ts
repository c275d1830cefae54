import grpc from '@grpc/grpc-js';
import type { status as Status } from '@grpc/grpc-js';

export type Call = 'append' | 'read';

/** What goes wrong with a call. */
export type Fault =
  /** The connection breaks: before anything is done, or when all is done and only the answer is missing. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** After so many messages of an answer the connection breaks. */
  | { readonly kind: 'drop-after'; readonly messages: number }
  /** The server refuses, before anything is done or (a timeout) after it. */
  | {
      readonly kind: 'refuse';
      readonly when: 'before' | 'after';
      readonly code: Status;
      readonly details: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }
  /** Nothing happens, and no answer comes. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly ms: number };

const { status } = grpc;

/** The refusals of a real server, as `RpcExceptions` makes them. */
export const refusals = {
  notReady: {
    kind: 'refuse',
    when: 'before',
    code: status.UNAVAILABLE,
    details: 'Server Is Not Ready',
  },
  tooBusy: {
    kind: 'refuse',
    when: 'before',
    code: status.UNAVAILABLE,
    details: 'Server Is Too Busy',
  },
  /** The operation may have happened all the same, and here it has. */
  timedOut: {
    kind: 'refuse',
    when: 'after',
    code: status.ABORTED,
    details: 'Operation timed out: Commit phase timeout',
  },
  noLeader: {
    kind: 'refuse',
    when: 'before',
    code: status.UNKNOWN,
    details: 'No leader info available in response',
  },
  accessDenied: {
    kind: 'refuse',
    when: 'before',
    code: status.PERMISSION_DENIED,
    details: 'Access Denied',
    metadata: { exception: 'access-denied' },
  },
  notLeader: (host: string, port: number): Fault => ({
    kind: 'refuse',
    when: 'before',
    code: status.NOT_FOUND,
    details: 'Leader info available',
    metadata: {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': String(port),
    },
  }),
} as const satisfies Record<string, Fault | ((host: string, port: number) => Fault)>;

/** Faults that a test has asked for: each is met by one call. */
export class Faults {
  private readonly coming: Record<Call, Fault[]> = { append: [], read: [] };

  /** The next `times` calls of this kind meet this fault, after those that were asked for before. */
  next(call: Call, fault: Fault, times = 1): void {
    this.coming[call].push(...Array.from({ length: times }, () => fault));
  }

  /** How many are still to be met. */
  left(call: Call): number {
    return this.coming[call].length;
  }

  meet(call: Call): Fault | undefined {
    return this.coming[call].shift();
  }
}
