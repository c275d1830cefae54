import { setTimeout as sleep } from 'node:timers/promises';
import type { EventMetadata } from '@tallystick/event-store';
import type { CardToken, Clock, ProgramId } from '@tallystick/kernel';
import {
  cardStream,
  factStream,
  waitingOutcome,
  type Fact,
  type FactOutcome,
} from '@tallystick/receipts';
import { ServiceAway } from '@tallystick/service-host';
import type { Telemetry } from '@tallystick/telemetry';
import type { Catalog, Program } from '../programs/catalog.js';
import { outcomeOfPin } from './outcome-of-pin.js';
import type { Arrival, Settled } from './settle-fact.js';
import { bundlesOf, groupByShared } from './groups.js';
import { loadFacts } from './load-facts.js';
import { loadToRate } from './load-to-rate.js';
import type { Memory } from './memory.js';
import { countReceipts, timed } from './telling.js';
import {
  decideOrSay,
  firstFault,
  isApart,
  isBeyondLimits,
  orTooLarge,
  Unsettleable,
} from './unsettleable.js';
import { metadataFor, nobodyAside, setAside, waitingBefore, type Aside } from './waiting-before.js';
import { Workspace } from './workspace.js';

export type SettleAnswer =
  /** `position`: where in the store's order its events are, or what the store had when it was known already. */
  | { readonly kind: 'settled'; readonly outcome: Settled; readonly position: bigint }
  | { readonly kind: 'program-unknown' }
  /** It can never be settled: a bug, or more than the store takes. Nothing of it was written. */
  | { readonly kind: 'unsettleable'; readonly error: unknown }
  /** Rating it, or what came before it, needs another service, which does not answer: nothing of it was written, and it may be sent again. */
  | { readonly kind: 'away'; readonly error: ServiceAway };

interface Item {
  readonly arrival: Arrival;
  answer: SettleAnswer | null;
}

interface AllSettled {
  readonly kind: 'settled';
  readonly outcomes: readonly Settled[];
  readonly position: bigint;
}
type Written =
  | AllSettled
  /** `apart`: a fact whose account knows more of it than its own stream says. Somebody was faster, or its streams contradict each other. */
  | { readonly kind: 'conflict'; readonly apart?: Unsettleable }
  | { readonly kind: 'fault'; readonly of: Unsettleable };

/** Another process keeps winning: a conflict means that somebody made progress, so this is never reached by waiting alone. */
const attemptsMax = 100;
/** Who was read apart is together when it is read again; only streams that contradict each other stay so. */
const apartMax = 20;
const backoffMsMax = 50;
const claimFactsMax = 500;
/** Facts that are written by one append at most, of groups that share nothing: if one is at fault, so many are decided again. */
const bundleFactsMax = 100;

/**
 * Settles many facts at once: streams are read together, facts that share no stream are decided and appended side by side,
 * facts that share one are decided one after another in memory and written together, in the order in which they came.
 */
export class Settler {
  private lastAlone: Promise<undefined> = Promise.resolve(undefined);

  constructor(
    private readonly memory: Memory,
    private readonly clock: Clock,
    /** Null: telemetry is off. */
    private readonly telemetry: Telemetry | null = null,
  ) {}

  /** Answers per fact, in order. Throws when the store is away: nothing is lost by sending the same again. */
  async settle(arrivals: readonly Arrival[]): Promise<readonly SettleAnswer[]> {
    const items: Item[] = arrivals.map((arrival) => ({ arrival, answer: null }));
    const workspace = new Workspace(this.memory);
    try {
      const streams = await loadToRate(workspace, factsOf(arrivals));
      const isKnown = ({ arrival }: Item): boolean =>
        this.memory.catalog.known(arrival.fact.program) !== null;
      const known = items.filter(isKnown);
      for (const item of items) if (!isKnown(item)) item.answer = { kind: 'program-unknown' };
      const groups = groupByShared(known, ({ arrival }) => streams(arrival.fact));
      const factsMax = this.memory.store.capabilities.atomicAcrossStreams ? bundleFactsMax : 1;
      await Promise.all(
        bundlesOf(groups, factsMax).map(async (bundle) => {
          const forked = workspace.fork(
            bundle.flat().flatMap(({ arrival }) => streams(arrival.fact)),
          );
          const answers = await this.settleBundle(
            bundle.map((group) => group.map(({ arrival }) => arrival)),
            forked,
          );
          for (const [index, item] of bundle.flat().entries()) item.answer = answers[index] ?? null;
        }),
      );
    } finally {
      workspace.release(null);
    }
    const answers = items.map(({ arrival, answer }) => {
      if (answer === null) throw new Error(`fact ${arrival.fact.id} was not answered`);
      return answer;
    });
    if (this.telemetry !== null) countReceipts(this.telemetry, arrivals, answers);
    return answers;
  }

  /** Decides groups that share nothing as one, and writes them by one append: alone each would cost as much again. If that fails, each goes alone. */
  private async settleBundle(
    groups: readonly (readonly Arrival[])[],
    first: Workspace,
  ): Promise<readonly SettleAnswer[]> {
    const [only, ...others] = groups;
    if (only !== undefined && others.length === 0) return await this.settleGroup(only, first);
    try {
      const nothing: Aside = nobodyAside();
      const written = await this.attempt(groups.flat(), nothing, first);
      if (written.kind === 'settled') return answersOf(written);
    } catch (error) {
      if (!(error instanceof Unsettleable || error instanceof ServiceAway)) throw error;
    }
    const answers = await Promise.all(groups.map(async (group) => await this.settleGroup(group)));
    return answers.flat();
  }

  private async settleGroup(
    group: readonly Arrival[],
    first?: Workspace,
  ): Promise<readonly SettleAnswer[]> {
    try {
      return await this.settleTogether(group, first);
    } catch (error) {
      if (error instanceof ServiceAway) return group.map(() => ({ kind: 'away', error }));
      if (!(error instanceof Unsettleable)) throw error;
      const [only, ...others] = group;
      if (only !== undefined && others.length === 0) {
        return isBeyondLimits(error) && only.beyondLimits === undefined
          ? this.settleGroup([{ ...only, beyondLimits: true }])
          : [{ kind: 'unsettleable', error: error.cause }];
      }
      // One of them is at fault; the others are not to suffer for it.
      const answers: SettleAnswer[] = [];
      for (const arrival of group) answers.push(...(await this.settleGroup([arrival])));
      return answers;
    }
  }

  /** Decides a group and writes it, again and again while others write the same streams. `first`: what is loaded already. */
  private async settleTogether(
    group: readonly Arrival[],
    first: Workspace | undefined,
  ): Promise<readonly SettleAnswer[]> {
    const aside: Aside = nobodyAside();
    let written = await this.attempt(group, aside, first ?? (await this.loaded(group, false)));
    for (let attempt = 1; ;) {
      if (written.kind === 'settled') return answersOf(written);
      if (written.kind === 'fault') setAside(aside, written.of);
      else {
        if (written.apart !== undefined && attempt === apartMax) throw written.apart;
        if (attempt === attemptsMax)
          throw new Error(`others wrote the same streams ${attemptsMax} times in a row`);
        attempt += 1;
      }
      await sleep(Math.floor((backoffMsMax * (attempt - 1)) / attemptsMax));
      const keepSpares = attempt > 1;
      written = await this.alone(async () =>
        this.attempt(group, aside, await this.loaded(group, keepSpares)),
      );
    }
  }

  /** Who lost a race tries again alone: between reading and writing lies only its own work, or it would lose the next one, too. */
  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.lastAlone;
    const done = Promise.withResolvers<undefined>();
    this.lastAlone = done.promise;
    try {
      await before;
      return await work();
    } finally {
      done.resolve(undefined);
    }
  }

  private async loaded(group: readonly Arrival[], keepSpares: boolean): Promise<Workspace> {
    const workspace = new Workspace(this.memory, { keepSpares });
    try {
      await loadToRate(workspace, factsOf(group));
    } catch (error) {
      workspace.release(null);
      throw error;
    }
    return workspace;
  }

  private async attempt(
    group: readonly Arrival[],
    aside: Aside,
    workspace: Workspace,
  ): Promise<Written> {
    let appended: bigint | null = null;
    try {
      const written = await this.write(workspace, group, aside).catch(orConflict);
      if (written.kind === 'settled') appended = written.position;
      return written;
    } finally {
      workspace.release(appended);
    }
  }

  private async write(
    workspace: Workspace,
    group: readonly Arrival[],
    aside: Aside,
  ): Promise<Written> {
    const at = this.clock();
    const decideOne = (arrival: Arrival): Settled =>
      decideOrSay(workspace, programOf(this.memory.catalog, arrival.fact), arrival, at);
    const decide = this.telemetry === null ? decideOne : timed(this.telemetry, decideOne);
    const waiting = await waitingBefore(group, workspace, aside);
    const of = firstFault(waiting, decide);
    if (of !== null) return { kind: 'fault', of };
    const outcomes = group.map(decide);
    const writes = workspace.writes();
    if (writes.length === 0)
      return { kind: 'settled', outcomes, position: workspace.newestPosition() };
    const result = await this.memory.store.append(writes).catch(orTooLarge(group));
    return result.kind === 'conflict'
      ? { kind: 'conflict' }
      : { kind: 'settled', outcomes, position: result.position };
  }

  /** Settles what waits for a card that has been attached to an account, oldest first. Throws `ServiceAway`: then the rest still waits. */
  async claim(program: ProgramId, card: CardToken, metadata: EventMetadata): Promise<void> {
    const workspace = new Workspace(this.memory);
    await workspace.load([cardStream(program, card)]);
    const waiting = [...workspace.card(program, card).waiting];
    for (let from = 0; from < waiting.length; from += claimFactsMax) {
      const facts = waiting.slice(from, from + claimFactsMax);
      await workspace.load(facts.map(factStream));
      const answers = await this.settle(
        facts.flatMap((id) => {
          const fact = workspace.fact(id)?.document;
          return fact === undefined ? [] : [{ fact, metadata: metadataFor(fact, metadata) }];
        }),
      );
      throwIfAway(answers);
    }
  }

  /** What became of a fact, or null when it is not known. Writes nothing. */
  async find(
    id: Fact['id'],
  ): Promise<{ readonly fact: Fact; readonly outcome: FactOutcome } | null> {
    const workspace = new Workspace(this.memory);
    try {
      await workspace.load([factStream(id)]);
      const state = workspace.fact(id);
      if (state === null) return null;
      const { document: fact, pin } = state;
      if (pin === null) return { fact, outcome: waitingOutcome(fact) };
      await loadFacts(workspace, [fact]);
      return { fact, outcome: outcomeOfPin(workspace, fact, pin) };
    } finally {
      workspace.release(workspace.newestPosition());
    }
  }
}

/** Whoever can do nothing with the rest of the answers. */
export const throwIfAway = (answers: readonly SettleAnswer[]): void => {
  for (const answer of answers) if (answer.kind === 'away') throw answer.error;
};

const answersOf = ({ outcomes, position }: AllSettled): readonly SettleAnswer[] =>
  outcomes.map((outcome) => ({ kind: 'settled', outcome, position }));

const factsOf = (arrivals: readonly Arrival[]): readonly Fact[] => arrivals.map(({ fact }) => fact);

const orConflict = (error: unknown): Written => {
  if (isApart(error)) return { kind: 'conflict', apart: error };
  throw error;
};

const programOf = (catalog: Catalog, fact: Fact): Program => {
  const program = catalog.known(fact.program);
  if (program === null) throw new Error(`program ${fact.program} was not read`);
  return program;
};
