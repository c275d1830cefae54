import {
  addDays,
  dayAt,
  timeZone,
  type AccountId,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';
import { levelAt, paidTimesOf } from '@tallystick/receipts';
import type { MembershipTime } from '@tallystick/rulebook';
import { rulebookAt, type Program } from '../programs/catalog.js';
import { loadAccount } from '../settle/load-facts.js';
import type { Memory } from '../settle/memory.js';
import { chainOf } from '../settle/successors.js';
import { Workspace } from '../settle/workspace.js';

export interface MembershipsNow {
  /** The account that was named, or what it became part of. */
  readonly account: AccountId;
  /** The programme's day. */
  readonly day: string;
  /** The level that a receipt of now is rated with; null: there is no ladder. */
  readonly level: string | null;
  /** The last day that is paid for without a gap from today on; null: today is not. */
  readonly paidUntil: LocalDate | null;
  readonly memberships: readonly MembershipTime[];
}

/** Until when an account has paid for what, from its own stream. Null: there is no such account. */
export const membershipsNow = async (
  memory: Memory,
  program: Program,
  account: AccountId,
  at: Instant,
): Promise<MembershipsNow | null> => {
  const workspace = new Workspace(memory);
  try {
    await loadAccount(workspace, program.id, account);
    const home = chainOf(workspace, program.id, account).at(-1) ?? account;
    const { state } = workspace.account(program.id, home);
    const book = rulebookAt(program, at)?.book;
    const zone = (book ?? program.versions[0]?.book)?.timeZone;
    if (state.opened === null || zone === undefined) return null;
    const day = dayAt(at, timeZone(zone));
    const memberships = paidTimesOf(state);
    return {
      ...{ account: home, day, memberships },
      level: book === undefined ? null : levelAt(state, book, at),
      paidUntil: paidUntil(memberships, day),
    };
  } finally {
    workspace.release(workspace.newestPosition());
  }
};

const paidUntil = (times: readonly MembershipTime[], day: LocalDate): LocalDate | null => {
  let until: LocalDate | null = null;
  for (;;) {
    const next: LocalDate = until === null ? day : addDays(until, 1);
    const longest = times
      .filter(({ first, last }) => first <= next && next <= last)
      .map(({ last }) => last)
      .toSorted()
      .at(-1);
    if (longest === undefined) return until;
    until = longest;
  }
};
