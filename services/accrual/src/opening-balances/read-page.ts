import { contentHash, type EventStore } from '@tallystick/event-store';
import type { AccountId, CardToken, Instant, ProgramId } from '@tallystick/kernel';
import { problem, ProblemException, type CardTokens } from '@tallystick/service-host';
import { accountsOfCards } from '../accounts/card-owners.js';
import {
  contentOf,
  openingBalance,
  type BalanceContent,
  type OpeningBalance,
  type PageFigures,
} from './balance-form.js';

/** A balance that is valid, whether or not an account would take it. */
export interface ReadBalance {
  readonly item: OpeningBalance;
  /** Of its card, where it names one. */
  readonly token: CardToken | null;
  readonly content: BalanceContent;
}

/** Balances that are sent together. */
export interface ReadPage {
  /** Per item, in order: the balance, or what is wrong with it. */
  readonly items: readonly (ReadBalance | ProblemException)[];
  /** Null: none of them is valid. */
  readonly figures: PageFigures | null;
}

/** Reads a page. The same items come to the same figures whenever they are read: nothing is asked of any account. */
export const readPage = (
  tokens: CardTokens,
  program: ProgramId,
  system: string,
  items: readonly unknown[],
): ReadPage => {
  const read = items.map((item): ReadBalance | ProblemException => {
    const parsed = openingBalance.safeParse(item);
    if (!parsed.success)
      return invalid(
        parsed.error.issues.slice(0, 20).map(({ path, message }) => ({
          field: path.join('.') || 'item',
          message,
        })),
      );
    const { data } = parsed;
    const token = data.card === undefined ? null : tokens.tokenOf(program, data.card);
    return { item: data, token, content: contentOf(program, system, data, token) };
  });
  const contents = read.flatMap((one) => (one instanceof ProblemException ? [] : [one.content]));
  return { items: read, figures: contents.length === 0 ? null : figuresOf(contents) };
};

/** The hash is of each balance's own: of what it says, of its card's token where it names a card, of its programme and system. */
const figuresOf = (contents: readonly BalanceContent[]): PageFigures => {
  const points = contents.flatMap(({ lots }) => lots.map((lot) => lot.points));
  const spend = contents.flatMap((content) => Object.values(content.spend));
  return {
    hash: contentHash({ balances: contents.map(({ hash }) => hash) }),
    balances: contents.length,
    points: wholeSum('points', points),
    spend: wholeSum('spend', spend),
  };
};

const wholeSum = (what: string, of: readonly number[]): number => {
  const sum = of.reduce((total, one) => total + BigInt(one), 0n);
  if (sum <= Number.MAX_SAFE_INTEGER) return Number(sum);
  throw problem({
    status: 400,
    type: 'validation',
    title: 'The request is not valid',
    errors: [
      { field: 'items', message: `are of more than 2^53 - 1 ${what} in all: send them in parts` },
    ],
  });
};

export const invalid = (errors: readonly { readonly field: string; readonly message: string }[]) =>
  problem({
    status: 422,
    type: 'opening-balance-invalid',
    title: 'The balance cannot be taken over as it is',
    errors: [...errors],
  });

/** Whose the cards of a page are now. */
export const ownersOf = (
  store: EventStore,
  program: ProgramId,
  { items }: ReadPage,
  at: Instant,
): Promise<ReadonlyMap<CardToken, AccountId>> =>
  accountsOfCards(
    store,
    program,
    items.flatMap((one) =>
      one instanceof ProblemException || one.token === null ? [] : [one.token],
    ),
    at,
  );
