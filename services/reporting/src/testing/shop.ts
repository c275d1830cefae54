import {
  accountId,
  cardToken,
  factId,
  instant,
  invariant,
  ledgerStream,
  localDate,
  memberId,
  Points,
  programId,
  streamName,
  type AccountId,
  type FactId,
  type Instant,
  type StreamName,
} from '@tallystick/kernel';
import {
  canonicalJson,
  newEvent,
  sha256,
  type EventStore,
  type StreamWrite,
} from '@tallystick/event-store';
import {
  decideMergeIn,
  decideMergeOut,
  decideOpen,
  decideReceipt,
  decideRedeem,
  decideRefund,
  emptyAccount,
  evolve,
  inOnePiece,
  spread,
  type Account,
  type LedgerEvent,
  type RatedFact,
} from '@tallystick/ledger';
import { factStream, receiptFactId, type FactEvent, type Pin } from '@tallystick/receipts';
import type { ReceiptFact } from '@tallystick/rulebook';

export const program = programId('shop');
const rulebook = { version: 1, hash: 'b'.repeat(64) };
const writesPerAppend = 300;

export interface Sale {
  readonly number: string;
  readonly at?: string;
  readonly points?: number;
  readonly revision?: number;
  readonly availableAt?: string;
  readonly expiresAt?: string | null;
  readonly inactivity?: { readonly months: number; readonly timeZone: string };
  /** Why it earns nothing, with `points: 0`. */
  readonly reason?: string;
}

interface Held {
  account: Account;
  revision: number;
}

/** Writes what the other services would write, through the domain's own deciders. Call `flush` to append it. */
export class Shop {
  private readonly accounts = new Map<AccountId, Held>();
  private readonly revisions = new Map<StreamName, number>();
  private writes: StreamWrite[] = [];

  constructor(
    private readonly store: EventStore,
    /** When events say that they were recorded. */
    private readonly recordedAt: Instant = instant('2026-03-01T12:00:00Z'),
    /** From how many units of text on an event is stored in parts. */
    private readonly unitsMax = Infinity,
  ) {}

  publish(version = 1): void {
    this.add(streamName('program', program), factId('rulebook', program, String(version)), {
      type: 'RulebookPublished',
      data: {
        program,
        version,
        hash: rulebook.hash,
        effectiveFrom: '2010-01-01T00:00:00.000Z',
        document: '{}',
      },
    });
  }

  enrol(name: string): AccountId {
    const [member, account] = [memberId(`m-${name}`), accountId(`a-${name}`)];
    const data = { program, member, account };
    const fact = factId('member', program, member);
    this.add(streamName('member', program, member), fact, { type: 'MemberEnrolled', data });
    return account;
  }

  open(name: string): AccountId {
    const account = this.enrol(name);
    const held = this.held(account);
    const opened = decideOpen(held.account, {
      program,
      account,
      member: memberId(`m-${name}`),
      unit: 'points',
    });
    invariant(opened.kind === 'opened', 'a new account');
    this.post(account, factId('account', program, account), [opened.event]);
    evolve(held.account, opened.event);
    return account;
  }

  sell(account: AccountId, sale: Sale): FactId {
    const receipt = this.receipt(sale);
    this.register(receipt, pinnedTo(account));
    this.rate(account, receipt, {
      earning: {
        lots:
          sale.points === 0
            ? []
            : [
                {
                  id: `${receipt.id}#${receipt.revision}.0`,
                  points: Points.points(sale.points ?? 10),
                  rule: 'base',
                  kind: 'base',
                  availableAt: instant(sale.availableAt ?? receipt.occurredAt),
                  expiresAt: typeof sale.expiresAt === 'string' ? instant(sale.expiresAt) : null,
                  ...(sale.inactivity === undefined ? {} : { inactivity: sale.inactivity }),
                  funder: 'chain',
                  qualifies: true,
                },
              ],
        lines: [
          {
            ordinal: 1,
            product: 'p',
            quantity: '2',
            points: sale.points === 0 ? [] : [Points.points(sale.points ?? 10)],
            spendMinor: 1000,
            excluded: null,
          },
        ],
        reason: sale.points === 0 ? (sale.reason ?? 'below-one-point') : null,
      },
      returns: [],
    });
    return receipt.id;
  }

  giveBack(
    account: AccountId,
    number: string,
    sold: FactId,
    quantity: '1' | '2',
    at = '2026-02-02T10:00:00Z',
  ): FactId {
    const receipt = this.receipt({ number, at });
    this.register(receipt, pinnedTo(account));
    this.rate(account, receipt, {
      earning: { lots: [], lines: [], reason: null },
      returns: [{ ordinal: 1, product: 'p', quantity, original: { fact: sold, ordinal: 1 } }],
    });
    return receipt.id;
  }

  redeem(account: AccountId, key: string, points: number, at = '2026-02-03T10:00:00Z'): FactId {
    const held = this.held(account);
    const redemption = factId('redemption', program, key);
    const decided = decideRedeem(
      held.account,
      {
        redemption,
        factHash: key,
        points: Points.points(points),
        kind: 'discount',
        reference: `till ${key}`,
      },
      instant(at),
    );
    invariant(decided.kind === 'redeemed', `redeemed, not ${decided.kind}`);
    this.post(account, redemption, [decided.event]);
    evolve(held.account, decided.event);
    return redemption;
  }

  refund(account: AccountId, redemption: FactId, at = '2026-02-04T10:00:00Z'): void {
    const held = this.held(account);
    const fact = factId('refund', redemption);
    const decided = decideRefund(
      held.account,
      { fact, factHash: 'h', redemption, reason: 'cancelled at the till', graceMs: 0 },
      instant(at),
    );
    invariant(decided.kind === 'refunded', `refunded, not ${decided.kind}`);
    this.post(account, fact, decided.events);
    for (const event of decided.events) evolve(held.account, event);
  }

  /** An account becomes part of another one. */
  merge(source: AccountId, target: AccountId, at = instant('2026-02-12T10:00:00Z')): void {
    const fact = factId('merge', program, `${source}-${target}`);
    const keepFrom = instant('2026-01-01T00:00:00Z');
    const command = { fact, factHash: 'h', target, reason: 'one household', keepFrom };
    const left = decideMergeOut(this.held(source).account, command, at);
    invariant(left.kind === 'left', left.kind);
    this.record(source, fact, [left.event]);
    const absorbed = decideMergeIn(this.held(target).account, left.event.data, at);
    invariant(absorbed.kind === 'absorbed', absorbed.kind);
    this.record(target, fact, [absorbed.event]);
  }

  /** What any other decider has decided: appended to the account's stream, and folded. */
  record(account: AccountId, fact: FactId, events: readonly LedgerEvent[]): void {
    this.post(account, fact, events);
    const held = this.held(account);
    for (const event of events) evolve(held.account, event);
  }

  /** A receipt whose card nobody knows yet. */
  park(sale: Sale): FactId {
    const receipt = this.receipt(sale);
    this.register(receipt, null);
    return receipt.id;
  }

  /** A receipt that goes nowhere. */
  keep(sale: Sale, nothing: string): FactId {
    const receipt = this.receipt(sale);
    this.register(receipt, { rulebook, parts: [], nothing });
    return receipt.id;
  }

  /** A parked receipt's card is linked to an account; what it earns comes by itself. */
  pin(account: AccountId, sale: Sale): FactId {
    const receipt = this.receipt(sale);
    this.tell(receipt.id, {
      type: 'FactPinned',
      data: { fact: receipt.id, revision: receipt.revision, pin: pinnedTo(account) },
    });
    return receipt.id;
  }

  /** Another receipt returns something of it, whether or not it has come. */
  noteReturn(sale: Sale, by: Sale): void {
    const { id: fact, ref } = this.receipt(sale);
    const { id, revision } = this.receipt(by);
    this.tell(fact, { type: 'ReturnNoted', data: { fact, program, ref, by: id, revision } });
  }

  refuse(sale: Sale, reason: string): void {
    const document = { ...this.receipt(sale), hash: `other ${reason}` };
    const { id: fact, revision } = document;
    this.tell(fact, { type: 'FactRefused', data: { fact, revision, reason, document } });
  }

  /** Appends what was written since the last time. Resolves to the last position. */
  async flush(): Promise<bigint> {
    let position = await this.store.head();
    const merged = new Map<StreamName, StreamWrite>();
    const groups: StreamWrite[][] = [];
    for (const write of this.writes) {
      const begun = merged.get(write.stream);
      merged.set(write.stream, {
        ...(begun ?? write),
        events: [...(begun?.events ?? []), ...write.events],
      });
    }
    for (const write of merged.values()) {
      const last = groups.at(-1);
      if (last === undefined || last.length === writesPerAppend) groups.push([write]);
      else last.push(write);
    }
    this.writes = [];
    for (const group of groups) {
      const result = await this.store.append(group);
      invariant(result.kind === 'appended', `appended, not ${result.kind}`);
      position = result.position;
    }
    return position;
  }

  accountOf(account: AccountId): Account {
    return this.held(account).account;
  }

  private receipt({ number, at = '2026-02-01T10:00:00Z', revision = 1 }: Sale): ReceiptFact {
    const ref = {
      chain: 'acme',
      store: '1',
      till: '7',
      number,
      businessDate: localDate(at.slice(0, 10)),
    };
    return {
      id: receiptFactId(program, ref),
      program,
      ref,
      revision,
      hash: `${number} ${revision}`,
      occurredAt: instant(at),
      card: cardToken('c'.repeat(32)),
      currency: 'GBP',
      channel: null,
      lines: [],
      paidWithPoints: '0',
    };
  }

  private register(document: ReceiptFact, pin: Pin | null): void {
    this.tell(document.id, {
      type: 'ReceiptRegistered',
      data: { fact: document.id, document, pin },
    });
  }

  private tell(fact: FactId, event: FactEvent): void {
    this.add(factStream(fact), fact, event);
  }

  private rate(
    account: AccountId,
    receipt: ReceiptFact,
    rated: Pick<RatedFact, 'earning' | 'returns'>,
  ): void {
    const decided = decideReceipt(
      this.held(account).account,
      {
        fact: receipt.id,
        factRevision: receipt.revision,
        factHash: receipt.hash,
        occurredAt: receipt.occurredAt,
        card: receipt.card,
        rulebook,
        tier: null,
        spendYear: '2026',
        returnsNotBefore: instant('2000-01-01T00:00:00Z'),
        ...rated,
      },
      receipt.occurredAt,
    );
    invariant(decided.kind === 'applied', `applied, not ${decided.kind}`);
    this.post(account, receipt.id, decided.events);
  }

  private post(account: AccountId, fact: FactId, events: readonly LedgerEvent[]): void {
    const stream = ledgerStream(program, account);
    const how = { canonical: canonicalJson, sha256, unitsMax: this.unitsMax };
    for (const event of events) {
      const whole = canonicalJson(event.data).length <= this.unitsMax;
      for (const form of whole ? [inOnePiece(event)] : spread(event, how))
        this.add(stream, fact, form);
    }
  }

  private held(account: AccountId): Held {
    let held = this.accounts.get(account);
    if (held === undefined)
      this.accounts.set(account, (held = { account: emptyAccount(), revision: -1 }));
    return held;
  }

  private add(stream: StreamName, fact: FactId, event: { type: string; data: object }): void {
    const revision = (this.revisions.get(stream) ?? -1) + 1;
    this.revisions.set(stream, revision);
    const made = newEvent(fact, revision, event, {
      program,
      occurredAt: instant('2026-02-01T10:00:00Z'),
      recordedAt: this.recordedAt,
      actor: 'service:test',
      correlationId: 'c',
    });
    this.writes.push({
      stream,
      expected: revision === 0 ? 'noStream' : revision - 1,
      events: [made],
    });
  }
}

const pinnedTo = (account: AccountId): Pin => ({
  rulebook,
  parts: [{ account, lines: [1] }],
  nothing: null,
});
