/** A programme's double entry and its folded accounts, side by side. Sums are exact, however many accounts there are. */
export interface TrialBalance {
  /** Posting accounts with their sums; those of members together, as `member/unspent` and so on. By name. */
  readonly accounts: readonly { readonly account: string; readonly points: bigint }[];
  /** Of all postings: zero, or something is wrong. */
  readonly sum: bigint;
  /** What the members' accounts hold and owe, as folded from their events. */
  readonly foldedAccounts: MemberFigures;
  /** The same from the postings. */
  readonly postedAccounts: MemberFigures;
  readonly balanced: boolean;
  readonly differenceCount: number;
  /** The first of them. */
  readonly differences: readonly Difference[];
  /** The place in the event store that the figures have come to. */
  readonly position: bigint;
}

export interface MemberFigures {
  readonly unspent: bigint;
  readonly held: bigint;
  readonly arrears: bigint;
}

export const differencesNamedMax = 100;

/** The same figure of one account, told in three ways that must agree. */
export interface Difference {
  /** The account's id; its stream, when it has postings or lots but no account. */
  readonly account: string;
  readonly figure: 'unspent' | 'held' | 'arrears' | 'lots';
  readonly posted: bigint;
  readonly folded: bigint;
}

/** Draws the conclusions from what was summed up. */
export const trialBalanceOf = (
  summed: Pick<
    TrialBalance,
    'accounts' | 'foldedAccounts' | 'differenceCount' | 'differences' | 'position'
  >,
): TrialBalance => {
  const { accounts, foldedAccounts, differenceCount } = summed;
  const pointsOf = (name: string): bigint =>
    accounts.find(({ account }) => account === name)?.points ?? 0n;
  const sum = accounts.reduce((total, { points }) => total + points, 0n);
  const postedAccounts = {
    unspent: pointsOf('member/unspent'),
    held: pointsOf('member/held'),
    // What a member owes is posted as a negative amount.
    arrears: -pointsOf('member/arrears'),
  };
  const agree =
    postedAccounts.unspent === foldedAccounts.unspent &&
    postedAccounts.held === foldedAccounts.held &&
    postedAccounts.arrears === foldedAccounts.arrears;
  const balanced = sum === 0n && agree && differenceCount === 0;
  return { ...summed, sum, postedAccounts, balanced };
};
