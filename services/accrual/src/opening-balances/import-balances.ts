import {
  Points,
  accountId,
  type AccountId,
  type CardToken,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import type { EventMetadata } from '@tallystick/event-store';
import type { ArrearsPolicy } from '@tallystick/ledger';
import { problem, ProblemException } from '@tallystick/service-host';
import {
  accountMerged,
  accountUnknown,
  beyondLimit,
  cardUnknown,
} from '../corrections/problems.js';
import type { BalanceContent, CheckedItem, PostedItem, RefusedItem } from './balance-form.js';
import { importBalance, type ImportParts } from './import-balance.js';
import type { WhichAccount } from './opening-balance.js';
import { invalid, ownersOf, type ReadBalance, type ReadPage } from './read-page.js';

/** What can be said of a page's items before anything is posted: what is not valid, and cards that nobody has now. Writes nothing. */
export const checkPage = async (
  { store }: Pick<ImportParts, 'store'>,
  { program, at }: { readonly program: ProgramId; readonly at: Instant },
  page: ReadPage,
): Promise<CheckedItem[]> => {
  const owners = await ownersOf(store, program, page, at);
  return page.items.map((one): CheckedItem => {
    if (one instanceof ProblemException) return refused(one);
    if (whichOf(one, owners) === null) return refused(cardUnknown());
    const { reference } = one.content;
    return { status: 200, outcome: { reference, points: pointsOf(one.content) } };
  });
};

export interface ImportedPage {
  /** Per item, in order. */
  readonly items: PostedItem[];
  /** Of the last write, 0n when there was none. */
  readonly position: bigint;
}

/** Takes over the balances of a page, each by itself. */
export const importPage = async (
  parts: ImportParts,
  of: {
    readonly program: ProgramId;
    /** That two people signed. */
    readonly batch: string;
    readonly at: Instant;
    readonly policy: ArrearsPolicy | undefined;
  },
  page: ReadPage,
  metadata: EventMetadata,
): Promise<ImportedPage> => {
  const { program, batch, policy } = of;
  const owners = await ownersOf(parts.store, program, page, of.at);
  let newest = 0n;
  const importItem = async (one: ReadBalance): Promise<PostedItem> => {
    const { content } = one;
    const which = whichOf(one, owners);
    if (which === null) return refused(cardUnknown());
    const answer = await importBalance(parts, which, { ...content, batch }, metadata, policy);
    switch (answer.kind) {
      case 'imported': {
        const { account, known, position } = answer;
        if (position > newest) newest = position;
        const { reference } = content;
        return { status: 200, outcome: { reference, account, points: pointsOf(content), known } };
      }
      case 'unopened':
        return refused(accountUnknown(which.account));
      case 'merged':
        return refused(accountMerged(which.account, answer.into));
      case 'beyond-limit':
        return refused(
          answer.year === null
            ? invalid([{ field: 'lots', message: beyondLimit('points') }])
            : invalid([
                { field: `spend.${answer.year}`, message: beyondLimit('minor units of spend') },
              ]),
        );
      case 'reference-taken':
        return refused(referenceTaken());
    }
  };
  const items = await Promise.all(
    page.items.map(async (one) =>
      one instanceof ProblemException ? refused(one) : await importItem(one),
    ),
  );
  return { items, position: newest };
};

const pointsOf = ({ lots }: BalanceContent): number => Points.total(lots.map((lot) => lot.points));

const whichOf = (
  { item, token }: ReadBalance,
  owners: ReadonlyMap<CardToken, AccountId>,
): WhichAccount | null => {
  if (token === null) return { kind: 'account', account: accountId(item.account ?? '') };
  const account = owners.get(token);
  return account === undefined ? null : { kind: 'card', account };
};

const refused = (refusal: ProblemException): RefusedItem => ({
  status: refusal.problem.status,
  problem: { ...refusal.problem },
});

const referenceTaken = (): ProblemException =>
  problem({
    status: 409,
    type: 'reference-taken',
    title: 'This reference was imported with another content',
    detail: 'A balance is imported once: what was wrong is corrected by an adjustment.',
  });
