import type { Account, EarningRerated } from '@tallystick/ledger';
import type { Figures } from './rerating.js';

/** Adds up what a run does, fact by fact. */
export class Tally {
  private accounts = 0;
  private accountsChanged = 0;
  private facts = 0;
  private up = 0;
  private down = 0;
  private owed = 0;
  private skipped = 0;
  private readonly rules = new Map<string, { up: number; down: number }>();

  /** An account was looked at. */
  account(changed: boolean, skipped: number): void {
    this.accounts += 1;
    this.accountsChanged += changed ? 1 : 0;
    this.skipped += skipped;
  }

  /** `account` has had the lots that were replaced. */
  fact(account: Account, { points, lots, replaced, arrearsRaised }: EarningRerated['data']): void {
    this.facts += 1;
    if (points < 0) this.down -= points;
    else this.up += points;
    this.owed += arrearsRaised;
    const byRule = new Map<string, number>();
    const note = (rule: string, by: number) => byRule.set(rule, (byRule.get(rule) ?? 0) + by);
    for (const lot of lots) note(lot.rule, lot.points);
    for (const { lot: id, points: gone } of replaced) {
      const { lot } = account.lots.get(id) ?? account.emptied.get(id) ?? {};
      if (lot !== undefined) note(lot.rule, -gone);
    }
    for (const [rule, by] of byRule) {
      const sums = this.rules.get(rule) ?? { up: 0, down: 0 };
      this.rules.set(rule, {
        up: sums.up + Math.max(by, 0),
        down: sums.down + Math.max(-by, 0),
      });
    }
  }

  figures(): Figures {
    const { accounts, accountsChanged, facts, up, down, owed, skipped } = this;
    const rules = [...this.rules]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([rule, sums]) => ({ rule, ...sums }));
    return { accounts, accountsChanged, facts, up, down, owed, skipped, rules };
  }
}
