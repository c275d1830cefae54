import { dayAt, timeZone, type FactId, type Instant } from '@tallystick/kernel';
import { membershipsHeld, type Account } from '@tallystick/ledger';
import { paidTimes, tierOn, type MembershipTime, type Rulebook } from '@tallystick/rulebook';

/** For which days an account has paid for memberships. `except`: without what one fact paid for. */
export const paidTimesOf = (account: Account, except: FactId | null = null): MembershipTime[] =>
  paidTimes(
    membershipsHeld(account, except).map(({ months, quantity, ...of }) => ({
      ...of,
      months: months * quantity,
    })),
  );

/** The level that an account has at a moment: the one that a receipt of that moment is rated with. Null without a ladder. */
export const levelAt = (account: Account, book: Rulebook, at: Instant): string | null =>
  tierOn(
    book,
    { history: account.history, paid: paidTimesOf(account) },
    dayAt(at, timeZone(book.timeZone)),
  )?.id ?? null;
