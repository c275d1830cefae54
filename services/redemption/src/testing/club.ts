import {
  AccountCache,
  Accounts,
  lapseRecording,
  recording,
  successorOf,
} from '@tallystick/accounts';
import { rulebookV1, toRulebook } from '@tallystick/contracts';
import { canonicalJson, newEvent, type EventStore } from '@tallystick/event-store';
import {
  Points,
  accountId,
  addMs,
  factId,
  instant,
  invariant,
  memberId,
  programId,
  streamName,
  systemClock,
  type AccountId,
  type CardToken,
  type Clock,
  type FactId,
  type Instant,
} from '@tallystick/kernel';
import {
  decideAdjust,
  decideClose,
  decideImport,
  decideLapses,
  decideMergeOut,
  decideReceipt,
  type Account,
  type LedgerEvent,
  type RatedFact,
} from '@tallystick/ledger';

export const program = programId('club');
const long = instant('2020-01-01T00:00:00Z');
const dayMs = 86_400_000;

export interface Gift {
  readonly availableAt?: Instant;
  readonly expiresAt?: Instant;
}

/** Writes what the other services write: programmes, links, awards, merges. */
export class Club {
  readonly accounts: Accounts;
  private named = 0;

  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock = systemClock,
  ) {
    this.accounts = new Accounts({ store, clock, cache: new AccountCache({ weightMax: 1 }) });
  }

  /** A further version of the programme, in force from long ago where it does not say otherwise. */
  async publish(version: number, more: object = {}): Promise<void> {
    const document = rulebookV1.parse({
      ...{ rulebook: 1, program, version, name: 'The club', effectiveFrom: '2020-01-01T00:00:00Z' },
      ...{ currency: 'GBP', timeZone: 'Europe/London' },
      earning: [{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' }],
      redemption: { points: 100, value: '1.00' },
      ...more,
    });
    const data = {
      ...{ program, version, hash: `h${version}`, effectiveFrom: document.effectiveFrom },
      document: canonicalJson(toRulebook(document)),
    };
    const fact = factId('rulebook', program, String(version));
    const event = newEvent(fact, 0, { type: 'RulebookPublished', data }, this.metadata());
    const expected = version === 1 ? ('noStream' as const) : version - 2;
    await this.append(streamName('program', program), expected, event);
  }

  /** What enrollment writes of a new member with a card: accrual opens the account when it hears of it. Answers its position. */
  async enrol(card: CardToken, account: AccountId): Promise<bigint> {
    const member = `of-${card}-${account}`;
    const enrolled = { type: 'MemberEnrolled', data: { program, member, account } };
    const linked = { type: 'CardLinked', data: { program, member, account, card, from: long } };
    const fact = factId('card', program, card, account);
    return this.append(
      streamName('member', program, member),
      'noStream',
      ...[enrolled, linked].map((event, nth) => newEvent(fact, nth, event, this.metadata())),
    );
  }

  async link(card: CardToken, account: AccountId, from = long): Promise<void> {
    const member = `of-${card}-${account}`;
    const data = { program, member, account, card, from };
    const fact = factId('card', program, card, account);
    const event = newEvent(fact, 0, { type: 'CardLinked', data }, this.metadata());
    await this.append(streamName('member', program, member), 'noStream', event);
  }

  /** An account with points to spend. */
  async open(name: string, points = 0, gift: Gift = {}): Promise<AccountId> {
    const account = accountId(name);
    const data = { program, account, member: memberId(`m-${name}`), unit: 'points' };
    await this.post(account, factId('account', program, account), () => [
      { type: 'AccountOpened', data },
    ]);
    if (points > 0) await this.give(account, points, gift);
    return account;
  }

  async give(
    account: AccountId,
    points: number,
    { availableAt = long, expiresAt }: Gift = {},
  ): Promise<void> {
    const fact = this.fact('adjustment');
    await this.post(account, fact, (state, at) => {
      const decision = decideAdjust(
        state,
        {
          ...{ fact, factHash: 'h', reason: 'gift', requestedBy: 'ann', approvedBy: 'bob' },
          change: {
            ...{ kind: 'up', points: Points.points(points), funder: 'chain', availableAt },
            expiresAt: expiresAt ?? null,
          },
        },
        at,
      );
      invariant(decision.kind === 'adjusted', decision.kind);
      return [decision.event];
    });
  }

  /** A balance of many lots of one point each, each with a day of its own on which it lapses. */
  async bring(account: AccountId, lots: number): Promise<void> {
    const fact = this.fact('openingbalance');
    await this.post(account, fact, (state, at) => {
      const decision = decideImport(
        state,
        {
          ...{ fact, factHash: 'h', system: 'old', reference: account, spend: {} },
          lots: Array.from({ length: lots }, (_, n) => ({
            ...{ points: Points.points(1), rule: 'opening', kind: 'base' as const },
            ...{ availableAt: long, expiresAt: addMs(instant('2100-01-01T00:00:00Z'), n * dayMs) },
            ...{ funder: 'chain', qualifies: false },
          })),
        },
        at,
      );
      invariant(decision.kind === 'imported', decision.kind);
      return [decision.event];
    });
  }

  /** A sale that earns points, and may be returned. */
  async sell(account: AccountId, points: number): Promise<FactId> {
    const fact = this.fact('receipt');
    await this.rate(account, fact, {
      earning: {
        lots: [
          {
            ...{ id: `${fact}#1.0`, points: Points.points(points), rule: 'base', kind: 'base' },
            ...{ availableAt: long, expiresAt: null, funder: 'chain', qualifies: true },
          },
        ],
        lines: [
          {
            ...{ ordinal: 1, product: 'tea', quantity: '1', points: [Points.points(points)] },
            ...{ spendMinor: 100, excluded: null },
          },
        ],
        reason: null,
      },
      returns: [],
    });
    return fact;
  }

  /** What a sale earned is taken back: what is spent by then is owed. */
  async takeBack(account: AccountId, sold: FactId): Promise<void> {
    await this.rate(account, this.fact('receipt'), {
      earning: { lots: [], lines: [], reason: 'returned' },
      returns: [
        { ordinal: 1, product: 'tea', quantity: '1', original: { fact: sold, ordinal: 1 } },
      ],
    });
  }

  /** One account becomes part of another. `half`: a crash came before the other knew. */
  async merge(from: AccountId, target: AccountId, half = false): Promise<void> {
    const fact = this.fact('merge');
    await this.post(from, fact, (state, at) => {
      const command = { fact, factHash: 'h', target, reason: 'one household', keepFrom: long };
      const decision = decideMergeOut(state, command, at);
      invariant(decision.kind === 'left', decision.kind);
      return [decision.event];
    });
    if (!half) await successorOf({ store: this.store, accounts: this.accounts }, program, from);
  }

  /** Closes a period: what happened before now is forgotten. */
  async close(account: AccountId): Promise<void> {
    const fact = this.fact('closing');
    await this.post(account, fact, (state, at) => {
      const decision = decideClose(state, { fact, factHash: 'h', through: at, keepFrom: at }, at);
      invariant(decision.kind === 'closed', decision.kind);
      return [decision.event];
    });
  }

  /** Posts the holds whose time is over, as accrual's clock does. */
  async lapse(account: AccountId): Promise<void> {
    await this.accounts.run(program, account, {
      asPosted: true,
      decide: (state, at) => ({
        kind: 'write',
        events: decideLapses(state, at).map((event) => lapseRecording(event, this.metadata())),
        answer: () => () => undefined,
      }),
    });
  }

  private rate(
    account: AccountId,
    fact: FactId,
    rated: Pick<RatedFact, 'earning' | 'returns'>,
  ): Promise<void> {
    return this.accounts.run(program, account, {
      decide: (state, at) => {
        const decision = decideReceipt(
          state,
          {
            ...{ fact, factRevision: 1, factHash: fact, occurredAt: at, card: null, tier: null },
            ...{ rulebook: { version: 1, hash: 'h1' }, spendYear: '2026', returnsNotBefore: long },
            ...rated,
          },
          at,
        );
        invariant(decision.kind === 'applied', decision.kind);
        return {
          kind: 'write',
          folded: true,
          events: decision.events.map((event, index) =>
            recording(fact, index, event, this.metadata()),
          ),
          answer: () => () => undefined,
        };
      },
    });
  }

  private post(
    account: AccountId,
    fact: FactId,
    decide: (account: Account, at: Instant) => readonly LedgerEvent[],
  ): Promise<void> {
    return this.accounts.run<undefined>(program, account, {
      decide: (state, at) => ({
        kind: 'write',
        events: decide(state, at).map((event, index) =>
          recording(fact, index + 1, event, this.metadata()),
        ),
        answer: () => () => undefined,
      }),
    });
  }

  private async append(
    stream: ReturnType<typeof streamName>,
    expected: 'noStream' | number,
    ...events: readonly ReturnType<typeof newEvent>[]
  ): Promise<bigint> {
    const result = await this.store.append([{ stream, expected, events }]);
    invariant(result.kind === 'appended', result.kind);
    return result.position;
  }

  private fact(kind: string): FactId {
    this.named += 1;
    return factId(kind, program, String(this.named));
  }

  private metadata() {
    const at = this.clock();
    return { program, occurredAt: at, recordedAt: at, actor: 'service:test', correlationId: 'c' };
  }
}
