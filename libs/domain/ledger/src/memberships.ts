import { Exact, type FactId, type LocalDate } from '@tallystick/kernel';
import type { Account } from './account.js';
import type { PaidMembership } from './events.js';

/** A membership that was paid for by a line of a receipt. */
export interface MembershipState extends PaidMembership {
  readonly fact: FactId;
  /** The day of the programme on which it was paid. */
  readonly day: LocalDate;
}

const keyOf = (fact: FactId, ordinal: number): string => `${fact}#${ordinal}`;

/** What a revision of a receipt paid for; what an earlier one had paid for is gone. */
export const noteMemberships = (
  { memberships }: Account,
  fact: FactId,
  day: LocalDate,
  paid: readonly PaidMembership[] = [],
): void => {
  for (const [key, state] of memberships) if (state.fact === fact) memberships.delete(key);
  for (const one of paid) memberships.set(keyOf(fact, one.ordinal), { ...one, fact, day });
};

/** What an account has paid for and not given back, in the order in which it was paid. `except`: without what one fact paid for. */
export const membershipsHeld = (
  { memberships, facts }: Account,
  except: FactId | null = null,
): MembershipState[] =>
  [...memberships.values()]
    .filter(({ fact }) => fact !== except)
    .flatMap((state) => {
      const line = facts.get(state.fact)?.lines.find(({ ordinal }) => ordinal === state.ordinal);
      if (line === undefined) return [state];
      const left = Exact.subtract(Exact.exact(line.quantity), Exact.exact(line.returned));
      const quantity = Math.min(state.quantity, Number(Exact.round(left, 'down')));
      return quantity < 1 ? [] : [{ ...state, quantity }];
    })
    .sort((a, b) => order(a.day, b.day) || order(a.fact, b.fact) || a.ordinal - b.ordinal);

/** Takes over what another account, or this one before a closing, had paid for. */
export const takeMemberships = (account: Account, carried: readonly MembershipState[]): void => {
  for (const state of carried) account.memberships.set(keyOf(state.fact, state.ordinal), state);
};

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
