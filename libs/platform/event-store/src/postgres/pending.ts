import type { StreamName } from '@tallystick/kernel';
import { checkAppend } from '../limits.js';
import type { AppendResult, ExpectedRevision, NewEvent, StreamWrite } from '../port.js';

/** An event with its metadata as it will be kept. */
export interface PendingEvent {
  readonly event: NewEvent;
  readonly metadata: string;
}

export interface PendingWrite {
  readonly stream: StreamName;
  /** The expected revision as a number: -1 for `noStream`. */
  readonly expected: number;
  readonly events: readonly PendingEvent[];
}

/** One call to `append` on its way. */
export interface PendingAppend {
  /** What is still to be written: streams that turn out to be written already are taken out. */
  writes: readonly PendingWrite[];
  /** The last position of what turned out to be written already, 0n if nothing was. */
  found: bigint;
  /** Whether what was found can only come from an earlier attempt of this very call, whose answer was lost. */
  foundIsOwn: boolean;
  /** Whether an attempt was cut off, so that nobody knows what it did. */
  unknown: boolean;
  readonly events: number;
  readonly bytes: number;
  /** Epoch ms until which a lost connection is tried again. */
  readonly deadline: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

export const numberOf = (revision: ExpectedRevision): number =>
  revision === 'noStream' ? -1 : revision;
export const revisionOf = (number: number): ExpectedRevision => (number < 0 ? 'noStream' : number);

/** Checks and copies a call; what the caller does with its objects afterwards changes nothing. Throws `AppendRefused`. */
export const pendingAppend = (
  writes: readonly StreamWrite[],
  deadline: number,
  settle: Pick<PendingAppend, 'resolve' | 'reject'>,
): PendingAppend => {
  const { events, bytes, metadata } = checkAppend(writes);
  let at = 0;
  return {
    writes: writes.map((write) => ({
      stream: write.stream,
      expected: numberOf(write.expected),
      events: write.events.map((event) => ({ event, metadata: metadata[at++] ?? '' })),
    })),
    found: 0n,
    foundIsOwn: true,
    unknown: false,
    events,
    bytes,
    deadline,
    ...settle,
  };
};

/** Answers a call whose remaining events were written, the last of them at a position. */
export const answerAppended = (pending: PendingAppend, position: bigint): void =>
  pending.resolve({ kind: 'appended', position });
