import { readFileSync } from 'node:fs';
import { toReceiptFact } from '@tallystick/accrual';
import type { ReceiptV1 } from '@tallystick/contracts';
import {
  Points,
  accountId,
  cardToken,
  factId,
  instant,
  memberId,
  programId,
  type FactId,
  type Instant,
} from '@tallystick/kernel';
import {
  assertEquation,
  decideExpiries,
  decideOpen,
  decideRedeem,
  emptyAccount,
  evolve,
  foldStored,
  schemaVersionOf,
  valuation,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';
import {
  applyPart,
  calculate,
  decidePin,
  evolveFact,
  pinnedOutcome,
  standingOfFact,
  type FactOutcome,
  type FactStreamState,
  type Pin,
} from '@tallystick/receipts';
import { isSale, type ReceiptFact, type Rulebook } from '@tallystick/rulebook';
import { noCounts, openSource, parseMapping, receiptsOf } from '@tallystick/tally';
import type { Delivery } from './deliveries.js';
import {
  instants,
  type AccountReckoning,
  type Balance,
  type Reckoning,
  type Step,
} from './reckoning.js';
import { retailFile } from './retail-file.js';

const program = programId('wholesale');
const mappingFile = new URL(
  '../../../../../services/tally/mappings/online-retail.yaml',
  import.meta.url,
);

/** The file's receipts, as `tally import` sends them and accrual takes them, by their invoice. */
export const receiptsOfFile = async (): Promise<ReadonlyMap<string, ReceiptFact>> => {
  const mapping = parseMapping(readFileSync(mappingFile, 'utf8'));
  if (!mapping.ok) throw new Error(JSON.stringify(mapping.error));
  const facts = new Map<string, ReceiptFact>();
  const take = (receipt: ReceiptV1): void => {
    const fact = toReceiptFact(receipt, (_, card) => cardToken(card));
    if (!fact.ok) throw new Error(`${receipt.number}: ${fact.error.message}`);
    facts.set(receipt.number, fact.value);
  };
  const { bytes } = await openSource(retailFile);
  for await (const items of receiptsOf(bytes, mapping.value, program, noCounts()))
    for (const item of items) {
      if (item.kind !== 'receipt') throw new Error(`${item.kind} in the file`);
      take(item.receipt);
    }
  return facts;
};

interface Counts {
  readonly facts: Record<string, number>;
  readonly lines: Record<string, number>;
}

interface Member {
  account: Account;
  /** Everything that was written, as the store keeps it. */
  readonly written: { type: string; schemaVersion: number; data: string }[];
  readonly steps: Step[];
  readonly sums: { earned: number; reversed: number; redeemed: number };
}

/**
 * Plays the deliveries through what the services run: a till calculates the basket and sends what that came to, the fact is pinned, rated and
 * applied. `versions`: of one programme, in the order in which they come into force.
 */
export const playThrough = (
  facts: ReadonlyMap<string, ReceiptFact>,
  deliveries: readonly Delivery[],
  versions: readonly Rulebook[],
): Reckoning => {
  const members = new Map<string, Member>();
  const streams = new Map<FactId, FactStreamState>();
  const counts: Counts = { facts: {}, lines: {} };
  let now = instant('2010-01-01T00:00:00Z');
  let spends = 0;

  const inForce = ({ occurredAt }: ReceiptFact): Rulebook => {
    const book = versions.findLast(({ effectiveFrom }) => instant(effectiveFrom) <= occurredAt);
    if (book === undefined) throw new Error('nothing is in force');
    return book;
  };
  const write = (member: Member, events: readonly LedgerEvent[]): void => {
    for (const event of events)
      member.written.push({
        type: event.type,
        schemaVersion: schemaVersionOf(event),
        data: JSON.stringify(event.data),
      });
  };
  const memberOf = (card: string): Member => {
    const known = members.get(card);
    if (known !== undefined) return known;
    const opening = decideOpen(emptyAccount(), {
      ...{ program, account: accountId(card), member: memberId(card), unit: 'points' },
    });
    if (opening.kind !== 'opened') throw new Error(opening.kind);
    const sums = { earned: 0, reversed: 0, redeemed: 0 };
    const member: Member = {
      ...{ account: evolve(emptyAccount(), opening.event), written: [], steps: [], sums },
    };
    write(member, [opening.event]);
    members.set(card, member);
    return member;
  };
  /** Accrual's clock comes to every second card in time, and to the others never: it must make no difference. */
  const clock = (card: string, member: Member, at: Instant): void => {
    if (Number(card) % 2 === 1) return;
    const lapsed = decideExpiries(member.account, at);
    for (const event of lapsed) evolve(member.account, event);
    write(member, lapsed);
  };

  const takeIn = (fact: ReceiptFact): void => {
    const card = fact.card ?? '';
    if (fact.occurredAt > now) now = fact.occurredAt;
    const book = inForce(fact);
    const ref = { version: book.version, hash: `version ${book.version}` };
    const decision = decidePin(fact, {
      card: (token) => ({
        links: [
          {
            ...{ account: accountId(token), member: memberId(token) },
            ...{ from: instant('2000-01-01T00:00:00Z'), until: null },
          },
        ],
        waiting: new Set(),
        claimed: 0,
      }),
      fact: (id) => streams.get(id) ?? null,
      home: (account) => account,
      rulebook: { ref, book },
    });
    if (decision.kind !== 'pinned') throw new Error(`${fact.id} is ${decision.kind}`);
    const [part] = decision.pin.parts;
    if (part === undefined) {
      if (standingOfFact(streams.get(fact.id) ?? null, fact).kind !== 'new') return;
      register(fact, decision.pin);
      tell(counts, pinnedOutcome(fact, decision.pin, []));
      return;
    }
    const member = memberOf(card);
    clock(card, member, now);
    const selling = fact.lines.every(isSale);
    const counted = selling ? calculate(member.account, fact, book, now) : null;
    const receipt = counted?.receipt ?? fact;
    const known = streams.get(fact.id);
    if (known !== undefined) {
      const again = applyPart(member.account, known.document, part, { ref, book }, applying(now));
      if (again.kind !== 'known') throw new Error(`${fact.id} once more is ${again.kind}`);
      return;
    }
    register(receipt, decision.pin);
    const applied = applyPart(member.account, receipt, part, { ref, book }, applying(now));
    if (applied.kind !== 'applied') throw new Error(`${fact.id} is ${applied.kind}`);
    assertEquation(member.account);
    write(member, applied.events);
    const earned = applied.events.filter((event) => event.type === 'PointsEarned');
    const back = applied.events.filter((event) => event.type === 'EarnReversed');
    const outcome = pinnedOutcome(receipt, decision.pin, [...earned, ...back]);
    member.sums.earned += outcome.earned;
    member.sums.reversed += outcome.reversed;
    tell(counts, outcome);
    const rated = earned[0]?.data;
    member.steps.push({
      ...{ what: fact.ref.number, outcome: worded(outcome) },
      ...(counted === null || rated === undefined
        ? { reversed: outcome.reversed.toString() }
        : {
            ...(rated.tier === null ? {} : { tier: rated.tier }),
            discountPence: counted.discounts.amountMinor.toString(),
            points: Object.fromEntries(
              rated.lots.map(({ rule, points }) => [rule, points.toString()]),
            ),
          }),
      then: balanceAt(member.account, now),
    });
  };
  const register = (document: ReceiptFact, pin: Pin): void => {
    const data = { fact: document.id, document, pin };
    streams.set(document.id, evolveFact(null, { type: 'ReceiptRegistered', data }));
  };

  for (const delivery of deliveries) {
    if (delivery.kind === 'spend') {
      const member = memberOf(delivery.card);
      clock(delivery.card, member, now);
      spends += 1;
      const decision = decideRedeem(
        member.account,
        {
          redemption: factId('redemption', program, String(spends)),
          ...{ factHash: String(spends), points: Points.points(delivery.points) },
          ...{ kind: 'discount', reference: String(spends) },
        },
        now,
      );
      if (decision.kind === 'redeemed') {
        evolve(member.account, decision.event);
        write(member, [decision.event]);
        member.sums.redeemed += delivery.points;
      }
      const then = balanceAt(member.account, now);
      member.steps.push({ what: 'spend', outcome: decision.kind, then });
      continue;
    }
    const fact = facts.get(delivery.invoice);
    if (fact === undefined) throw new Error(`there is no receipt ${delivery.invoice}`);
    takeIn(fact);
  }
  return {
    accounts: new Map([...members].map(([card, member]) => [card, reckoningOf(member)])),
    ...counts,
  };
};

const applying = (at: Instant) => ({ at, digest: (text: string) => text });

const balanceAt = (account: Account, at: Instant): Balance => {
  const { available, pending, arrears } = valuation(account, at);
  return {
    available: available.toString(),
    pending: pending.toString(),
    owed: arrears.toString(),
  };
};

/** What is left, of the account as it is and as it is folded again from what was written: both must be the same. */
const reckoningOf = ({ account, written, steps, sums }: Member): AccountReckoning => {
  const folded = foldStored(written);
  assertEquation(folded);
  const of = (one: Account): AccountReckoning['balances'] =>
    Object.fromEntries(instants.map(([, utc]) => [utc, balanceAt(one, instant(utc))]));
  if (JSON.stringify(of(folded)) !== JSON.stringify(of(account)))
    throw new Error(`${account.opened?.account ?? '?'} folds to another account than it is`);
  return {
    steps,
    sums: {
      earned: sums.earned.toString(),
      reversed: sums.reversed.toString(),
      redeemed: sums.redeemed.toString(),
    },
    balances: of(folded),
  };
};

const worded = ({
  outcome,
  reason,
}: {
  readonly outcome: string;
  readonly reason: string | null;
}): string => (reason === null ? outcome : `${outcome}: ${reason}`);

const tell = ({ facts, lines }: Counts, outcome: FactOutcome): void => {
  const add = (counts: Record<string, number>, what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  add(facts, worded(outcome));
  for (const line of outcome.lines) add(lines, worded({ ...line, reason: line.reason ?? null }));
};
