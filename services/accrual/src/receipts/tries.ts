import { WrittenByNewer } from '@tallystick/kernel';
import type { Message } from '@tallystick/message-bus';
import { isAway } from '@tallystick/service-host';
import { AccountNotOpen } from '../settle/apply-pin.js';

/** Over most of a minute, as the bus grows the pauses between them: longer than others can be in the way. */
export const triesMax = 10;

/**
 * How often a message was tried that is at fault alone. Of each partition one at most: the bus tries it until it is done, and whatever
 * stands behind it waits.
 */
export class Tries {
  private readonly failed = new Map<number, { readonly offset: bigint; readonly times: number }>();

  /** Counts a failure; says whether it was one too many. */
  isLast({ partition, offset }: Message): boolean {
    const before = this.failed.get(partition);
    const times = before?.offset === offset ? before.times + 1 : 1;
    this.failed.set(partition, { offset, times });
    return times >= triesMax;
  }
}

/** Errors that end by themselves: membership is late, or a newer release has written. */
const passes = [AccountNotOpen, WrittenByNewer];

/**
 * Whether an error can only be a bug that one message brings to light: nothing is away, nothing is to be waited for, and no system call,
 * database (`code`) or event store (`type`) says what is wrong with itself, such as a full disk.
 */
export const isBug = (error: unknown): boolean => {
  if (!(error instanceof Error)) return true;
  if (isAway(error) || 'code' in error || 'type' in error) return false;
  if (passes.some((kind) => error instanceof kind)) return false;
  return error.cause === undefined || isBug(error.cause);
};
