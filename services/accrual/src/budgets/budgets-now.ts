import { Exact, dayAt, minorUnitDigits, timeZone, type Instant } from '@tallystick/kernel';
import { budgetStream } from '@tallystick/receipts';
import { budgetName, pointsLeft, type Budget, type Rulebook } from '@tallystick/rulebook';
import { rulebookAt, type Program } from '../programs/catalog.js';
import type { Memory } from '../settle/memory.js';
import { Workspace } from '../settle/workspace.js';

/** What a campaign's budget has given, and still gives, by exact decimals of what it is counted in. */
export interface BudgetNow {
  readonly id: string;
  /** `points`, or the currency that it is counted in, in major units. */
  readonly unit: string;
  readonly per: NonNullable<Budget['per']> | null;
  readonly each: 'sender' | null;
  /** The part that is told: `spring/2026-11`. Null: each sender has one, and none was named. */
  readonly part: string | null;
  readonly limit: string;
  readonly used: string | null;
  readonly left: string | null;
  /** How many points it still pays for. */
  readonly points: number | null;
}

export interface BudgetsNow {
  readonly version: number;
  /** The programme's day. */
  readonly day: string;
  readonly budgets: readonly BudgetNow[];
}

/** The budgets of the version in force at a moment (before the first: of that one), from what the store has counted by now. */
export const budgetsNow = async (
  memory: Memory,
  program: Program,
  at: Instant,
  sender: string | null,
): Promise<BudgetsNow> => {
  const book = bookAt(program, at);
  const day = dayAt(at, timeZone(book.timeZone));
  const parts = (book.budgets ?? []).map((budget) => ({
    budget,
    part: budgetName(budget, day, sender),
  }));
  const workspace = new Workspace(memory);
  try {
    await workspace.load(
      parts.flatMap(({ part }) => (part === null ? [] : [budgetStream(program.id, part)])),
    );
    const budgets = parts.map(({ budget, part }) => {
      if (part === null) return told(budget, part, book, null);
      const held = workspace.budget(program.id, part);
      // A budget of many receipts is long: the next who asks reads what came since.
      memory.budgets.put(budgetStream(program.id, part), held);
      return told(budget, part, book, held.state.used);
    });
    return { version: book.version, day, budgets };
  } finally {
    workspace.release(workspace.newestPosition());
  }
};

const bookAt = (program: Program, at: Instant): Rulebook => {
  const book = (rulebookAt(program, at) ?? program.versions[0])?.book;
  if (book === undefined) throw new Error(`programme ${program.id} has no version`);
  return book;
};

const told = (
  budget: Budget,
  part: string | null,
  book: Rulebook,
  used: number | null,
): BudgetNow => {
  const { id, points, money, per = null, each = null } = budget;
  const inMoney = money !== undefined;
  const scale = inMoney ? Exact.exact(10n ** BigInt(minorUnitDigits(book.currency))) : Exact.one;
  const limit = Exact.exact(money ?? points ?? 0);
  const named = { id, unit: inMoney ? book.currency : 'points', per, each, part };
  if (used === null)
    return { ...named, limit: Exact.toDecimal(limit), used: null, left: null, points: null };
  const gone = Exact.divide(Exact.exact(used), scale);
  const left = Exact.subtract(limit, gone);
  return {
    ...named,
    limit: Exact.toDecimal(limit),
    used: Exact.toDecimal(gone),
    // A later version may allow less than was given by then.
    left: Exact.toDecimal(Exact.isPositive(left) ? left : Exact.zero),
    points: pointsLeft(budget, used, book),
  };
};
