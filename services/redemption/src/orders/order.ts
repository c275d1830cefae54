import { recording, successorOf, type Accounts, type Command } from '@tallystick/accounts';
import {
  newEvent,
  type EventMetadata,
  type EventStore,
  type NewEvent,
} from '@tallystick/event-store';
import type { AccountId, Clock, FactId, Instant, ProgramId, StreamName } from '@tallystick/kernel';
import type { Account, LedgerEvent, MergedAway } from '@tallystick/ledger';
import type { Programs } from '../programs/programs.js';
import { readHistory } from './history.js';
import { readPin, type Pin } from './pin.js';

/** What orders are carried out with. */
export interface Means {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly programs: Programs;
}

/** Who asked for it, and on which trace. */
export type Cause = Omit<EventMetadata, 'program' | 'occurredAt' | 'recordedAt'>;

export type OrderDecision<Refusal> =
  | { readonly kind: 'write'; readonly events: readonly LedgerEvent[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | MergedAway
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What a caller wants done to an account, once for its name. */
export interface Order<Done, Refusal> {
  readonly program: ProgramId;
  readonly fact: FactId;
  /** Of its first event on the account; those before are elsewhere. */
  readonly firstOrdinal: number;
  readonly cause: Cause;
  /** Pure: see `Command.decide`. */
  decide(account: Account, at: Instant): OrderDecision<Refusal>;
  /** Whether an event of an account is one that its answer is told from. */
  owns(event: LedgerEvent): boolean;
  /** The answer, from its events and the account right after them: the same whenever it is told. Must not keep the account. */
  tell(events: readonly LedgerEvent[], after: Account): Done;
}

/** An order with a stream of its own, which pins the account and what was asked for. */
export interface PinnedOrder<Done, Refusal> extends Order<Done, Refusal> {
  readonly stream: StreamName;
  /** The stream's first event. */
  readonly type: string;
  /** Names the account as `account`, and what was asked for by its SHA-256 as `hash`. */
  readonly data: Pin & Readonly<Record<string, unknown>>;
}

export type Outcome<Done, Refusal> =
  | { readonly kind: 'done'; readonly done: Done; readonly position: bigint }
  /** The name was used for something else. */
  | { readonly kind: 'key-reused' }
  | Refusal;

/** Carries out an order that has no stream of its own; where the account was merged, its successor does it. */
export const carryOut = async <Done, Refusal>(
  means: Means,
  order: Order<Done, Refusal>,
  account: AccountId,
): Promise<Outcome<Done, Refusal>> => {
  for (let at = account; ; at = await follow(means, order.program, at)) {
    const tried = await attempt(means, order, at);
    switch (tried.kind) {
      case 'done':
        return tried;
      case 'known':
        return knownTo(order, await recall(means.store, order, account));
      case 'conflict':
        return { kind: 'key-reused' };
      case 'refused':
        return tried.refusal;
      case 'merged':
        break;
      case 'taken':
        throw new Error(`order ${order.fact} has no stream that could be taken`);
    }
  }
};

/** Which account a request means. */
export interface Named {
  readonly account: AccountId;
  /** Whether its successor is meant where it was merged: so it is for who shows a card. */
  readonly follows: boolean;
}

/**
 * Carries out an order under a caller's key. What is new is decided without any look at the order's own stream: that it was begun
 * before is found when it is begun again, and only then is it read. `orderFor` is told when that was: what the rulebook said then holds.
 */
export const carryOutOnce = async <Done, Refusal>(
  means: Means,
  orderFor: (account: AccountId, begunAt: Instant | null) => PinnedOrder<Done, Refusal>,
  named: Named,
): Promise<Outcome<Done, Refusal> | MergedAway> => {
  for (let { account } = named; ;) {
    const order = orderFor(account, null);
    const tried = await attempt(means, order, account, begunBy(means, order));
    if (tried.kind === 'done') return tried;
    if (tried.kind === 'known') return knownTo(order, await recall(means.store, order, account));
    if (tried.kind === 'conflict') return { kind: 'key-reused' };
    const pin = await readPin(means.store, order.stream);
    if (pin?.account === account) {
      if (pin.hash !== order.data.hash) return { kind: 'key-reused' };
      // The account has forgotten it, or passed it on, or a crash came before it could be applied.
      const told = await recall(means.store, order, account);
      return told ?? (await carryOut(means, orderFor(account, pin.begunAt), account));
    }
    if (tried.kind === 'merged' && named.follows) {
      account = await follow(means, order.program, account);
      continue;
    }
    if (pin !== null) return { kind: 'key-reused' };
    if (tried.kind === 'merged') return tried;
    if (tried.kind === 'refused') return tried.refusal;
    throw new Error(`stream ${order.stream} is taken and not there`);
  }
};

/** The answer to an order that was carried out before; null when it never was. Reads the account from its beginning, and its successors. */
export const recall = async <Done, Refusal>(
  store: EventStore,
  order: Order<Done, Refusal>,
  account: AccountId,
): Promise<Recalled<Done> | null> => {
  const events: LedgerEvent[] = [];
  const told: Recalled<Done>[] = [];
  await readHistory(store, order.program, account, (event, { position }, after) => {
    if (!order.owns(event)) return;
    events.push(event);
    told.push({ kind: 'done', done: order.tell(events, after), position });
  });
  return told.at(-1) ?? null;
};

interface Recalled<Done> {
  readonly kind: 'done';
  readonly done: Done;
  readonly position: bigint;
}

/** The account that answers for a merged one; it has all that was on its way to it. */
export const follow = async (
  { programs, clock, ...parts }: Means,
  program: ProgramId,
  account: AccountId,
): Promise<AccountId> => {
  const policy = await programs.arrearsPolicy(program, clock());
  return successorOf(parts, program, account, policy);
};

type Attempt<Done, Refusal> =
  | Recalled<Done>
  | Exclude<OrderDecision<Refusal>, { readonly kind: 'write' }>
  /** Its own stream is there already. */
  | { readonly kind: 'taken' };

const attempt = <Done, Refusal>(
  { accounts }: Means,
  order: Order<Done, Refusal>,
  account: AccountId,
  begins?: NonNullable<Command<never>['begins']>,
): Promise<Attempt<Done, Refusal>> => {
  const { program, fact, firstOrdinal, cause } = order;
  return accounts.run<Attempt<Done, Refusal>>(program, account, {
    ...(begins === undefined ? {} : { begins, taken: () => ({ kind: 'taken' }) }),
    decide: (state, at) => {
      const decision = order.decide(state, at);
      if (decision.kind !== 'write') return { kind: 'answer', answer: () => decision };
      const { events } = decision;
      const metadata = { ...cause, program, occurredAt: at, recordedAt: at };
      return {
        kind: 'write',
        events: events.map((event, index) =>
          recording(fact, firstOrdinal + index, event, metadata),
        ),
        answer: (after) => {
          const done = order.tell(events, after);
          return (position) => ({ kind: 'done', done, position });
        },
      };
    },
  });
};

const begunBy = (
  { clock }: Means,
  { stream, fact, type, data, program, cause }: PinnedOrder<unknown, unknown>,
): { readonly stream: StreamName; readonly event: NewEvent } => {
  const at = clock();
  const metadata = { ...cause, program, occurredAt: at, recordedAt: at };
  return { stream, event: newEvent(fact, 0, { type, data }, metadata) };
};

const knownTo = <Done>({ fact }: { readonly fact: FactId }, told: Recalled<Done> | null) => {
  if (told === null) throw new Error(`${fact} is known to the account, and no event tells of it`);
  return told;
};
