import {
  Points,
  accountId,
  type CardToken,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import type { ArrearsPolicy } from '@tallystick/ledger';
import {
  cardStream,
  decodeCardEvent,
  evolveCard,
  ownerAt,
  unknownCard,
} from '@tallystick/receipts';
import { problem, ProblemException, type CardTokens } from '@tallystick/service-host';
import { accountMerged, accountUnknown, beyondLimit } from '../corrections/problems.js';
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
  const owners = await ownersOf(parts.store, program, [...tokens.values()], of.at);
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
  owners: ReadonlyMap<CardToken, WhichAccount>,
): WhichAccount | null =>
  token === null
    ? { kind: 'account', account: accountId(item.account ?? '') }
    : (owners.get(token) ?? null);

/** Whose cards they are now. */
const ownersOf = async (
  store: EventStore,
  program: ProgramId,
  tokens: readonly CardToken[],
  at: Instant,
): Promise<ReadonlyMap<CardToken, WhichAccount>> => {
  const streams = new Map(tokens.map((token) => [token, cardStream(program, token)]));
  const read = await store.readStreams([...streams.values()]);
  const owners = new Map<CardToken, WhichAccount>();
  for (const [token, stream] of streams) {
    let card = unknownCard;
    for (const event of read.get(stream) ?? []) card = evolveCard(card, decodeCardEvent(event));
    const owner = ownerAt(card, at);
    if (owner !== null) owners.set(token, { kind: 'card', account: owner.account });
  }
  return owners;
};

const refused = (refusal: ProblemException): BalanceItemAnswer => ({
  status: refusal.problem.status,
  problem: { ...refusal.problem },
});

const cardUnknown = (): ProblemException =>
  problem({
    status: 404,
    type: 'card-unknown',
    title: 'The card leads to no account',
    detail: 'Enrol its member first, then send the balance again.',
  });

const referenceTaken = (): ProblemException =>
  problem({
    status: 409,
    type: 'reference-taken',
    title: 'This reference was imported with another content',
    detail: 'A balance is imported once: what was wrong is corrected by an adjustment.',
  });
