import type { AccountId, FactId, Instant, Points } from '@tallystick/kernel';
import type { Totals } from './account.js';
import type { Carried } from './carried.js';
import type { AccountOpened, Allocation, Lot } from './events.js';

/** A balance that another system kept until now. */
export interface OpeningBalanceImported {
  readonly type: 'OpeningBalanceImported';
  readonly data: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly occurredAt: Instant;
    /** The system that we replace, and what it calls this balance: account, file and line. */
    readonly system: string;
    readonly reference: string;
    /** The sum over `lots`. */
    readonly points: Points.Points;
    readonly lots: readonly Lot[];
    /** Spend that counts for tiers, in minor units by calendar year. */
    readonly spend: { readonly [year: string]: number };
    readonly arrearsPaid: readonly Allocation[];
  };
}

/** All that an account is, carried forward: a fold that begins here comes to the same as one that begins at the beginning. */
export interface PeriodClosed {
  readonly type: 'PeriodClosed';
  readonly data: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly occurredAt: Instant;
    /** The period's end. */
    readonly through: Instant;
    /** The return window's beginning: facts and returnable lines before it are left out. An older duplicate is recognised by its fact's own stream. */
    readonly keepFrom: Instant;
    readonly opened: AccountOpened['data'];
    readonly absorbed: readonly AccountId[];
    readonly rememberedFrom: Instant;
    readonly totals: Readonly<Totals>;
    readonly carried: Carried;
  };
}
