import { z } from 'zod';
import {
  newEvent,
  type EventMetadata,
  type EventStore,
  type NewEvent,
} from '@tallystick/event-store';
import {
  Points,
  accountId,
  factId,
  instant,
  programId,
  streamName,
  type AccountId,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import type { ImportCommand } from '@tallystick/ledger';

/** What names a balance of the system that we replace. */
export interface BalanceName {
  readonly program: ProgramId;
  readonly system: string;
  readonly reference: string;
}

/** A balance's own stream: begun once, it pins the account that the balance goes to. */
export const balanceStream = ({ program, system, reference }: BalanceName): StreamName =>
  streamName('openingbalance', program, system, reference);

export const balanceFact = ({ program, system, reference }: BalanceName): FactId =>
  factId('openingbalance', program, system, reference);

const time = z.string().transform(instant).nullable();
export const balanceRequested = z.object({
  program: z.string().transform(programId),
  system: z.string(),
  reference: z.string(),
  account: z.string().transform(accountId),
  lots: z.array(
    z.object({
      points: z.number().transform((value) => Points.points(value)),
      /** null: from when it is imported. */
      availableAt: time,
      /** null: never. */
      expiresAt: time,
      funder: z.string(),
      kind: z.enum(['base', 'bonus']),
      qualifies: z.boolean(),
    }),
  ),
  /** Minor units by calendar year. */
  spend: z.record(z.string(), z.number()),
  /** SHA-256 of what was sent, with the card's token where it named a card: the same reference with other content is refused. */
  hash: z.string(),
  /** The batch that it is of, which two people signed; without it: an older release let one person import it. */
  batch: z.string().optional(),
});
export type OpeningBalanceRequested = z.output<typeof balanceRequested>;

export const begunBy = (
  balance: OpeningBalanceRequested,
  metadata: EventMetadata,
): { readonly stream: StreamName; readonly event: NewEvent } => ({
  stream: balanceStream(balance),
  event: newEvent(
    balanceFact(balance),
    0,
    { type: 'OpeningBalanceRequested', data: balance },
    metadata,
  ),
});

/** What a balance's stream says; null where it was never begun. */
export const readBalance = async (
  store: EventStore,
  name: BalanceName,
): Promise<OpeningBalanceRequested | null> => {
  for await (const { data } of store.readStream(balanceStream(name)))
    return balanceRequested.parse(JSON.parse(data));
  return null;
};

export const commandOf = (
  balance: OpeningBalanceRequested,
  at: ImportCommand['lots'][number]['availableAt'],
  arrearsPolicy: ImportCommand['arrearsPolicy'],
): ImportCommand => ({
  fact: balanceFact(balance),
  factHash: balance.hash,
  system: balance.system,
  reference: balance.reference,
  lots: balance.lots.map((lot) => ({
    ...lot,
    rule: 'opening-balance',
    availableAt: lot.availableAt ?? at,
  })),
  spend: balance.spend,
  ...(arrearsPolicy === undefined ? {} : { arrearsPolicy }),
});

/** The account that a request names, or that a card leads to. */
export type WhichAccount =
  | { readonly kind: 'account'; readonly account: AccountId }
  /** It may have become part of another by now. */
  | { readonly kind: 'card'; readonly account: AccountId };
