import { foldEveryAccount } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import { accountId, streamName, type ProgramId } from '@tallystick/kernel';
import {
  arrearsOf,
  equationOf,
  heldOf,
  postings,
  unspentOf,
  type Account,
} from '@tallystick/ledger';
import { programAndId } from '../views/stream-parts.js';
import {
  differencesNamedMax,
  trialBalanceOf,
  type Difference,
  type TrialBalance,
} from './trial-balance.js';

/**
 * The trial balance as of a position: from the store alone, whose ledger it reads once, from the beginning to there. Memory does not grow with the
 * events (see `foldEveryAccount`). The views have no part in it: of a programme that has no events by then, everything is zero.
 * Throws `UnknownLedgerEvent` for an event that this release does not understand.
 */
export const trialBalanceAsOf = async (
  store: Pick<EventStore, 'readAllBare'>,
  program: ProgramId,
  position: bigint,
): Promise<TrialBalance> => {
  const ofProgram = `${streamName('ledger', program)}-`;
  const sums = new Map<string, bigint>();
  /** What was posted to the accounts that are being folded just now. */
  const posted = new Map<string, Figures>();
  const folded = { unspent: 0n, held: 0n, arrears: 0n };
  const differences: Difference[] = [];
  let differenceCount = 0;

  await foldEveryAccount(
    store,
    (stream, account) => {
      const { unspent, held, arrears } = foldedOf(account);
      const own = posted.get(stream) ?? nothing();
      posted.delete(stream);
      folded.unspent += unspent;
      folded.held += held;
      folded.arrears += arrears;
      const figures: Omit<Difference, 'account'>[] = [
        { figure: 'arrears', posted: -own.arrears, folded: arrears },
        { figure: 'held', posted: own.held, folded: held },
        { figure: 'lots', posted: BigInt(unspentOf(account)), folded: unspent },
        { figure: 'unspent', posted: own.unspent, folded: unspent },
      ];
      for (const figure of figures) {
        if (figure.posted === figure.folded) continue;
        differenceCount += 1;
        if (differences.length < differencesNamedMax)
          differences.push({ account: programAndId(stream)[1], ...figure });
      }
    },
    {
      through: position,
      only: (stream) => stream.startsWith(ofProgram),
      watch: (stream, event) => {
        const account = accountId(programAndId(stream)[1]);
        const prefix = `member/${account}/`;
        for (const { account: name, points } of postings(account, event)) {
          const kind = name.startsWith(prefix) ? figureOf(name.slice(prefix.length)) : null;
          const common = kind === null ? name : `member/${kind}`;
          sums.set(common, (sums.get(common) ?? 0n) + BigInt(points));
          if (kind === null) continue;
          const own = posted.get(stream) ?? nothing();
          own[kind] += BigInt(points);
          posted.set(stream, own);
        }
      },
    },
  );
  const accounts = [...sums]
    .map(([account, points]) => ({ account, points }))
    .sort((a, b) => (a.account < b.account ? -1 : 1));
  return trialBalanceOf({
    accounts,
    foldedAccounts: folded,
    differenceCount,
    differences,
    position,
  });
};

type Figures = { -readonly [figure in keyof TrialBalance['foldedAccounts']]: bigint };

const nothing = (): Figures => ({ unspent: 0n, held: 0n, arrears: 0n });

const figureOf = (name: string): keyof Figures => {
  if (name === 'unspent' || name === 'held' || name === 'arrears') return name;
  throw new Error(`members have no posting account ${name}`);
};

/** What is unspent by the account's equation: that the lots hold as much is compared. */
const foldedOf = (account: Account): Figures => {
  const { cameIn, isThereOrWentOut } = equationOf(account);
  const unspent = BigInt(cameIn) - BigInt(isThereOrWentOut) + BigInt(unspentOf(account));
  return { unspent, held: BigInt(heldOf(account)), arrears: BigInt(arrearsOf(account)) };
};
