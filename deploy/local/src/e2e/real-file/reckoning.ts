/** What two reckonings of one file must agree on, word by word. Points and pence as numbers of text: they are compared, not counted with. */
export interface Reckoning {
  /** What became of each delivery of an account, in their order. */
  readonly accounts: ReadonlyMap<string, AccountReckoning>;
  /** How often each outcome was given, with its reason: of facts, and of their lines. */
  readonly facts: Readonly<Record<string, number>>;
  readonly lines: Readonly<Record<string, number>>;
}

export interface AccountReckoning {
  readonly steps: Step[];
  readonly sums: { earned: string; reversed: string; redeemed: string };
  /** By instants after the last delivery. */
  readonly balances: Readonly<Record<string, Balance>>;
}

export interface Step {
  /** The invoice, or `spend`. */
  readonly what: string;
  readonly outcome: string;
  readonly tier?: string;
  readonly discountPence?: string;
  /** By rule. */
  readonly points?: Readonly<Record<string, string>>;
  readonly reversed?: string;
  /** After it. */
  readonly then: Balance;
}

export interface Balance {
  readonly available: string;
  readonly pending: string;
  readonly owed: string;
}

/** The instants at which what is left is compared: on a clock in London, and in UTC. */
export const instants: readonly (readonly [london: string, utc: string])[] = [
  ['2011-06-30 23:59:59', '2011-06-30T22:59:59.000Z'],
  ['2011-07-07 00:00:00', '2011-07-06T23:00:00.000Z'],
  ['2011-08-31 23:59:59', '2011-08-31T22:59:59.000Z'],
  ['2011-09-01 00:00:00', '2011-08-31T23:00:00.000Z'],
  ['2012-01-01 00:00:00', '2012-01-01T00:00:00.000Z'],
  ['2012-05-10 00:00:00', '2012-05-09T23:00:00.000Z'],
  ['2012-07-15 12:00:00', '2012-07-15T11:00:00.000Z'],
  ['2012-12-31 23:59:59', '2012-12-31T23:59:59.000Z'],
  ['2013-01-01 00:00:00', '2013-01-01T00:00:00.000Z'],
  ['2013-12-31 23:59:59', '2013-12-31T23:59:59.000Z'],
  ['2014-01-01 00:00:00', '2014-01-01T00:00:00.000Z'],
];

/** The first account that differs, with both reckonings from the first step that does; null: none does. */
export const firstDifference = (one: Reckoning, other: Reckoning): string | null => {
  for (const [card, mine] of one.accounts) {
    const theirs = other.accounts.get(card);
    if (theirs === undefined) return `card ${card} is in one reckoning alone`;
    const at = mine.steps.findIndex(
      (step, index) => JSON.stringify(step) !== JSON.stringify(theirs.steps[index]),
    );
    if (at >= 0) {
      const told = (steps: readonly Step[]): string =>
        steps
          .slice(0, at + 1)
          .map((step) => `  ${JSON.stringify(step)}`)
          .join('\n');
      return `card ${card} differs at step ${at + 1}:\n${told(mine.steps)}\n is not\n${told(theirs.steps)}`;
    }
    const rest = ({ sums, balances }: AccountReckoning): string =>
      JSON.stringify({ sums, balances }, null, 1);
    if (rest(mine) !== rest(theirs) || mine.steps.length !== theirs.steps.length)
      return `card ${card} differs at the end: ${rest(mine)}\n is not\n${rest(theirs)}`;
  }
  return one.accounts.size === other.accounts.size ? null : 'one has more accounts';
};
