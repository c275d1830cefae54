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
import { problem, ProblemException, type CardTokens } from '@tallystick/service-host';
import { accountsOfCards } from '../accounts/card-owners.js';
import {
  accountMerged,
  accountUnknown,
  beyondLimit,
  cardUnknown,
} from '../corrections/problems.js';
import {
  contentOf,
  openingBalance,
  type BalanceItemAnswer,
  type OpeningBalance,
} from './balance-form.js';
import { importBalance, type ImportParts } from './import-balance.js';
import type { WhichAccount } from './opening-balance.js';

export interface ImportedBatch {
  /** Per item, in order. */
  readonly items: readonly BalanceItemAnswer[];
  /** Of the last write, 0n when there was none. */
  readonly position: bigint;
}

/** Takes over many balances, each by itself. */
export const importBalances = async (
  parts: ImportParts & { readonly tokens: CardTokens },
  of: {
    readonly program: ProgramId;
    readonly system: string;
    readonly at: Instant;
    readonly policy: ArrearsPolicy | undefined;
  },
  items: readonly unknown[],
  metadata: EventMetadata,
): Promise<ImportedBatch> => {
  const { program, system, policy } = of;
  const read = items.map((item) => readItem(item));
  const tokens = new Map<OpeningBalance, CardToken>();
  for (const item of read)
    if (!(item instanceof ProblemException) && item.card !== undefined)
      tokens.set(item, parts.tokens.tokenOf(program, item.card));
  const owners = await accountsOfCards(parts.store, program, [...tokens.values()], of.at);
  let newest = 0n;
  const importItem = async (item: OpeningBalance): Promise<BalanceItemAnswer> => {
    const token = tokens.get(item) ?? null;
    const which = whichOf(item, token, owners);
    if (which === null) return refused(cardUnknown());
    const content = contentOf(program, system, item, token);
    const answer = await importBalance(parts, which, content, metadata, policy);
    switch (answer.kind) {
      case 'imported': {
        const { account, known, position } = answer;
        if (position > newest) newest = position;
        const points = Points.total(content.lots.map((lot) => lot.points));
        const { reference } = content;
        return { status: 200, outcome: { reference, account, points, known } };
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
  const answers = await Promise.all(
    read.map(async (item) =>
      item instanceof ProblemException ? refused(item) : await importItem(item),
    ),
  );
  return { items: answers, position: newest };
};

const readItem = (item: unknown): OpeningBalance | ProblemException => {
  const parsed = openingBalance.safeParse(item);
  if (parsed.success) return parsed.data;
  return invalid(
    parsed.error.issues.slice(0, 20).map(({ path, message }) => ({
      field: path.join('.') || 'item',
      message,
    })),
  );
};

const invalid = (errors: readonly { readonly field: string; readonly message: string }[]) =>
  problem({
    status: 422,
    type: 'opening-balance-invalid',
    title: 'The balance cannot be taken over as it is',
    errors: [...errors],
  });

const whichOf = (
  item: OpeningBalance,
  token: CardToken | null,
  owners: ReadonlyMap<CardToken, AccountId>,
): WhichAccount | null => {
  if (token === null) return { kind: 'account', account: accountId(item.account ?? '') };
  const account = owners.get(token);
  return account === undefined ? null : { kind: 'card', account };
};

const refused = (refusal: ProblemException): BalanceItemAnswer => ({
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
