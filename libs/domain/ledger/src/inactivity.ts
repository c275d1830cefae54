import { inactiveFrom, timeZone, type Instant } from '@tallystick/kernel';
import type { Account, LotState } from './account.js';

/** The account earned or spent: lots that lapse after inactivity live on from then. */
export const noteActivity = (account: Account, at: Instant): void => {
  if (account.lastActive === null || account.lastActive < at) account.lastActive = at;
  prolong(account, at);
};

/**
 * Gives lots that lapse after inactivity the date that follows from the account's last activity. What has lapsed at `asOf` stays so; no
 * date ever moves back.
 */
export const prolong = (account: Account, asOf: Instant): void => {
  const { lastActive } = account;
  if (!account.inactivity || lastActive === null) return;
  for (const states of [account.lots, account.emptied]) {
    for (const state of states.values()) {
      if (!isProlonged(state, asOf)) continue;
      const { months, timeZone: zone } = state.lot.inactivity;
      const until = inactiveFrom(lastActive, months, timeZone(zone));
      if (until > state.expiresAt) state.expiresAt = until;
    }
  }
};

const isProlonged = (
  state: LotState,
  asOf: Instant,
): state is LotState & {
  readonly lot: { readonly inactivity: NonNullable<LotState['lot']['inactivity']> };
  expiresAt: Instant;
} =>
  state.lot.inactivity !== undefined &&
  state.expiresAt !== null &&
  state.expiresAt > asOf &&
  state.expired === 0;
