import { setTimeout as sleep } from 'node:timers/promises';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import {
  ledgerStream,
  type CardToken,
  type Clock,
  type Instant,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import {
  cardStream,
  factStream,
  namedOriginals,
  ownerAt,
  waitingOutcome,
  type Fact,
  type FactOutcome,
} from '@tallystick/receipts';
import { UnknownLedgerEvent } from '@tallystick/ledger';
import type { Catalog, Program } from '../programs/catalog.js';
import { outcomeOfPin } from './outcome-of-pin.js';
import { AccountNotOpen, cardsOf, settleFact, type Arrival, type Settled } from './settle-fact.js';
import { groupByShared } from './groups.js';
import { Workspace } from './workspace.js';

export type SettleAnswer =
  /** `position`: where in the store's order its events are, or what the store had when it was known already. */
  | { readonly kind: 'settled'; readonly outcome: Settled; readonly position: bigint }
  | { readonly kind: 'program-unknown' }
  /** It can never be settled: a bug, or numbers beyond what a ledger holds. Nothing of it was written. */
  | { readonly kind: 'unsettleable'; readonly error: unknown };

/** Another process keeps winning: a conflict means that somebody made progress, so this is never reached by waiting alone. */
const attemptsMax = 100;
const backoffMsMax = 50;
const claimFactsMax = 500;

/**
 * Settles many facts at once: streams are read together, facts that share no stream are decided and appended side by side,
 * facts that share one are decided one after another in memory and written together, in the order in which they came.
 */
export class Settler {
  constructor(
    private readonly store: EventStore,
    private readonly catalog: Catalog,
    private readonly clock: Clock,
  ) {}

  /** Answers per fact, in order. Throws when the store is away: nothing is lost by sending the same again. */
  async settle(arrivals: readonly Arrival[]): Promise<readonly SettleAnswer[]> {
    const programs = await this.programsOf(arrivals);
    const answers = new Map<Arrival, SettleAnswer>();
    const known = arrivals.filter((arrival) => {
      if (programs.has(arrival.fact.program)) return true;
      answers.set(arrival, { kind: 'program-unknown' });
      return false;
    });
    const workspace = new Workspace(this.store);
    const streams = await loadAll(
      workspace,
      known.map(({ fact }) => fact),
    );
    const groups = groupByShared(known, (arrival) => streams(arrival.fact));
    await Promise.all(
      groups.map(async (group) => {
        const settled = await this.settleGroup(group, programs, workspace.fork());
        group.forEach((arrival, index) => {
          const answer = settled[index];
          if (answer !== undefined) answers.set(arrival, answer);
        });
      }),
    );
    return arrivals.map((arrival) => {
      const answer = answers.get(arrival);
      if (answer === undefined) throw new Error(`fact ${arrival.fact.id} was not answered`);
      return answer;
    });
  }

  private async settleGroup(
    group: readonly Arrival[],
    programs: ReadonlyMap<ProgramId, Program>,
    first: Workspace,
  ): Promise<readonly SettleAnswer[]> {
    try {
      return await this.settleTogether(group, programs, first);
    } catch (error) {
      if (!(error instanceof Unsettleable)) throw error;
      if (group.length === 1) return [{ kind: 'unsettleable', error: error.cause }];
      // One of them is at fault; the others are not to suffer for it.
      const answers: SettleAnswer[] = [];
      for (const arrival of group) {
        const workspace = await this.workspaceOf([arrival]);
        answers.push(...(await this.settleGroup([arrival], programs, workspace)));
      }
      return answers;
    }
  }

  private async settleTogether(
    group: readonly Arrival[],
    programs: ReadonlyMap<ProgramId, Program>,
    first: Workspace,
  ): Promise<readonly SettleAnswer[]> {
    const hopeless = new Set<Fact['id']>();
    let workspace = first;
    for (let attempt = 1; attempt <= attemptsMax;) {
      const at = this.clock();
      const decide = (arrival: Arrival): Settled =>
        decideOrSay(workspace, programOf(programs, arrival.fact), arrival, at);
      const waiting = (await this.waitingBefore(group, workspace)).filter(
        ({ fact }) => !hopeless.has(fact.id),
      );
      const fault = firstFault(waiting, decide);
      if (fault !== null) {
        // It waited, and can never be settled: those behind it go on without it.
        hopeless.add(fault.fact.id);
        workspace = await this.workspaceOf(group);
        continue;
      }
      const outcomes = group.map(decide);
      const writes = workspace.writes();
      const result =
        writes.length === 0
          ? { kind: 'appended' as const, position: workspace.newestPosition() }
          : await this.store.append(writes);
      if (result.kind !== 'conflict') {
        const { position } = result;
        return outcomes.map((outcome) => ({ kind: 'settled', outcome, position }));
      }
      await sleep(Math.floor((backoffMsMax * attempt) / attemptsMax));
      workspace = await this.workspaceOf(group);
      attempt += 1;
    }
    throw new Error(`others wrote the same streams ${attemptsMax} times in a row`);
  }

  /** What is there now of everything that settling a group can touch. */
  private async workspaceOf(group: readonly Arrival[]): Promise<Workspace> {
    const workspace = new Workspace(this.store);
    await loadAll(
      workspace,
      group.map(({ fact }) => fact),
    );
    return workspace;
  }

  /** Settles what waits for a card that has been attached to an account, oldest first. */
  async claim(program: ProgramId, card: CardToken, metadata: EventMetadata): Promise<void> {
    const workspace = new Workspace(this.store);
    await workspace.load([cardStream(program, card)]);
    const waiting = [...workspace.card(program, card).waiting];
    for (let from = 0; from < waiting.length; from += claimFactsMax) {
      const facts = waiting.slice(from, from + claimFactsMax);
      await workspace.load(facts.map(factStream));
      await this.settle(
        facts.flatMap((id) => {
          const fact = workspace.fact(id)?.document;
          return fact === undefined ? [] : [{ fact, metadata: metadataFor(fact, metadata) }];
        }),
      );
    }
  }

  /** What became of a fact, or null when it is not known. Writes nothing. */
  async find(
    id: Fact['id'],
  ): Promise<{ readonly fact: Fact; readonly outcome: FactOutcome } | null> {
    const workspace = new Workspace(this.store);
    await workspace.load([factStream(id)]);
    const state = workspace.fact(id);
    if (state === null) return null;
    const { document: fact, pin } = state;
    if (pin === null) return { fact, outcome: waitingOutcome(fact) };
    await workspace.load(pin.parts.map(({ account }) => ledgerStream(fact.program, account)));
    return { fact, outcome: outcomeOfPin(workspace, fact, pin) };
  }

  /** Facts that wait for a card of this group which has an owner by now: they came earlier, so they are settled earlier. */
  private async waitingBefore(
    group: readonly Arrival[],
    workspace: Workspace,
  ): Promise<readonly Arrival[]> {
    const own = new Set(group.map(({ fact }) => fact.id));
    const waiting = new Map<Fact['id'], Arrival['metadata']>();
    for (const { fact, metadata } of group) {
      for (const token of cardsOf(workspace, fact)) {
        const card = workspace.card(fact.program, token);
        if (card.links.length === 0) continue;
        for (const id of card.waiting) if (!own.has(id)) waiting.set(id, metadata);
      }
    }
    if (waiting.size === 0) return [];
    await workspace.load([...waiting.keys()].map(factStream));
    const facts = [...waiting].flatMap(([id, metadata]) => {
      const fact = workspace.fact(id)?.document;
      return fact === undefined ? [] : [{ fact, metadata: metadataFor(fact, metadata) }];
    });
    await loadAll(
      workspace,
      facts.map(({ fact }) => fact),
    );
    return facts;
  }

  private async programsOf(arrivals: readonly Arrival[]): Promise<Map<ProgramId, Program>> {
    const programs = new Map<ProgramId, Program>();
    for (const id of new Set(arrivals.map(({ fact }) => fact.program))) {
      const program = await this.catalog.read(id);
      if (program !== null) programs.set(id, program);
    }
    return programs;
  }
}

/** Deciding threw: it would throw again, whenever it is tried. The workspace holds half a decision and must not be used. */
class Unsettleable extends Error {
  constructor(
    readonly arrival: Arrival,
    cause: unknown,
  ) {
    super(`fact ${arrival.fact.id} cannot be settled`, { cause });
  }
}

const decideOrSay = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  at: Instant,
): Settled => {
  try {
    return settleFact(workspace, program, arrival, at);
  } catch (error) {
    // Membership is late, or a newer release has written: both end.
    if (error instanceof AccountNotOpen || error instanceof UnknownLedgerEvent) throw error;
    throw new Unsettleable(arrival, error);
  }
};

/** Decides facts in order, up to the first that cannot be. */
const firstFault = (
  arrivals: readonly Arrival[],
  decide: (arrival: Arrival) => Settled,
): Arrival | null => {
  for (const arrival of arrivals) {
    try {
      decide(arrival);
    } catch (error) {
      if (error instanceof Unsettleable) return arrival;
      throw error;
    }
  }
  return null;
};

const metadataFor = (fact: Fact, cause: EventMetadata): EventMetadata => ({
  ...cause,
  program: fact.program,
  occurredAt: fact.occurredAt,
});

const programOf = (programs: ReadonlyMap<ProgramId, Program>, fact: Fact): Program => {
  const program = programs.get(fact.program);
  if (program === undefined) throw new Error(`program ${fact.program} was not read`);
  return program;
};

/** Reads every stream that settling the facts can touch; returns which these are, per fact. */
const loadAll = async (
  workspace: Workspace,
  facts: readonly Fact[],
): Promise<(fact: Fact) => StreamName[]> => {
  await workspace.load(facts.flatMap((fact) => [fact.id, ...namedOriginals(fact)].map(factStream)));
  await workspace.load(
    facts.flatMap((fact) => cardsOf(workspace, fact).map((card) => cardStream(fact.program, card))),
  );
  const accounts = (fact: Fact): StreamName[] => {
    const states = [fact.id, ...namedOriginals(fact)].map((id) => workspace.fact(id));
    const pinned = states.flatMap((state) => [
      ...(state?.pin?.parts.map(({ account }) => account) ?? []),
      ...(state?.left ?? []),
    ]);
    const owners = cardsOf(workspace, fact).map(
      (card) => ownerAt(workspace.card(fact.program, card), fact.occurredAt)?.account,
    );
    return [...pinned, ...owners].flatMap((account) =>
      account === undefined ? [] : [ledgerStream(fact.program, account)],
    );
  };
  await workspace.load(facts.flatMap(accounts));
  return (fact) => [
    ...[fact.id, ...namedOriginals(fact)].map(factStream),
    ...cardsOf(workspace, fact).map((card) => cardStream(fact.program, card)),
    ...accounts(fact),
  ];
};
