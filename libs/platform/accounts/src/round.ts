import type { EventStore, NewEvent, StreamWrite } from '@tallystick/event-store';
import type { Clock, Instant, StreamName } from '@tallystick/kernel';
import { asOf, evolve, type Account, type AsOf } from '@tallystick/ledger';
import type { AccountCache, Held } from './account-cache.js';
import { lapseRecording, type Command, type Recording } from './command.js';
import { readOn, type ClosedAt } from './read-account.js';

/**
 * Each conflict means that another process made progress. Who lost tries again at once, and reads only what is new: so it is not
 * behind the winner, who would win again and again.
 */
const attemptsMax = 200;
/** Bytes of event data after which no further command joins what is written together: far below what one append may hold. */
const roundBytesMax = 2_000_000;

/** A command on its way to its answer. */
export interface Waiting {
  readonly begins: Command<unknown>['begins'];
  readonly asPosted: boolean;
  readonly decide: (account: Account, at: Instant) => Decision;
  /** Answers that `begins` is there already. */
  readonly take: () => void;
  readonly reject: (error: unknown) => void;
  answered: boolean;
  /** Whether `begins` was looked for, and was not there. */
  checked: boolean;
}

type Decision =
  | {
      readonly kind: 'write';
      readonly events: readonly Recording[];
      readonly folded: boolean;
      readonly answer: (after: Account) => (position: bigint) => void;
    }
  | { readonly kind: 'answer'; readonly answer: (position: bigint) => void };

/** The commands on one account: a round is decided and written while the next one gathers. */
export interface Lane {
  readonly stream: StreamName;
  readonly waiting: Waiting[];
  /** Whether another process was seen to write the account: then its state is kept aside while a round is written, and need not be read anew. */
  contended: boolean;
}

export const waitingFor = <T>(
  command: Command<T>,
  resolve: (answer: T) => void,
  reject: (error: unknown) => void,
): Waiting => {
  const settle = (answer: () => T): void => {
    waiting.answered = true;
    try {
      resolve(answer());
    } catch (error) {
      reject(error);
    }
  };
  const waiting: Waiting = {
    begins: command.begins,
    asPosted: command.asPosted ?? false,
    decide: (account, at) => {
      const decided = command.decide(account, at);
      if (decided.kind === 'answer') {
        return {
          kind: 'answer',
          answer: (position) => {
            settle(() => decided.answer(position));
          },
        };
      }
      return {
        kind: 'write',
        events: decided.events,
        folded: decided.folded ?? false,
        answer: (after) => {
          const told = decided.answer(after);
          return (position) => {
            settle(() => told(position));
          };
        },
      };
    },
    take: () => {
      settle(() => {
        if (command.taken === undefined)
          throw new Error('a command that begins a stream says what to do when it is taken');
        return command.taken();
      });
    },
    reject,
    answered: false,
    checked: false,
  };
  return waiting;
};

interface Parts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly cache: AccountCache;
  readonly closedAt?: ClosedAt;
}

/** Decides and writes what fits together; returns the commands that are left for the next round. Throws with some unanswered. */
export const writeRound = async (
  parts: Parts,
  lane: Lane,
  round: readonly Waiting[],
): Promise<readonly Waiting[]> => {
  const { store, clock, cache, closedAt } = parts;
  const { stream } = lane;
  let held = cache.take(stream);
  let fresh = held === undefined;
  held ??= await readOn(store, stream, undefined, closedAt);
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    await answerTaken(store, held.state, round);
    const spare = lane.contended ? structuredClone(held.state) : undefined;
    const decided = decideInTurn(
      held.state,
      round.filter(({ answered }) => !answered),
      clock(),
      fresh,
    );
    if (decided.behind) {
      held = await readOn(store, stream, held);
      fresh = true;
      continue;
    }
    if (decided.events.length > 0) {
      const result = await store.append([
        ...decided.begun,
        {
          stream,
          expected: held.revision < 0 ? 'noStream' : held.revision,
          events: decided.events,
        },
      ]);
      if (result.kind === 'conflict') {
        if (result.stream === stream) lane.contended = true;
        else round.find(({ begins }) => begins?.stream === result.stream)?.take();
        const before: Held | undefined = spare && { ...held, state: spare };
        held = await readOn(store, stream, before, closedAt);
        fresh = true;
        continue;
      }
      const revision = held.revision + decided.events.length;
      held = { state: decided.account, revision, position: result.position };
    }
    // What is answered sees the account before anybody else has it.
    for (const { answer, upTo } of decided.answers)
      answer(
        store.capabilities.positionsFollowEachOther === true
          ? held.position - BigInt(decided.events.length - upTo)
          : held.position,
      );
    cache.put(stream, held);
    return decided.left;
  }
  throw new Error(`account stream ${stream} was written by others ${attemptsMax} times in a row`);
};

/** An account that has closed a period does not remember all that it did: there, whether a command is new is asked of the command's own stream. */
const answerTaken = async (
  store: EventStore,
  account: Account,
  round: readonly Waiting[],
): Promise<void> => {
  if (account.rememberedFrom === null) return;
  const asked = round.filter(({ answered, checked }) => !answered && !checked);
  const streams = asked.flatMap(({ begins }) => (begins === undefined ? [] : [begins.stream]));
  const begun = streams.length === 0 ? new Map() : await store.readStreams(streams);
  for (const waiting of asked) {
    waiting.checked = true;
    if (waiting.begins !== undefined && begun.has(waiting.begins.stream)) waiting.take();
  }
};

interface Answering {
  readonly answer: (position: bigint) => void;
  /** How many events of the round it comes after, its own included. */
  readonly upTo: number;
}

interface DecidedRound {
  /** With the events folded in. */
  readonly account: Account;
  readonly events: readonly NewEvent[];
  readonly begun: readonly StreamWrite[];
  readonly answers: readonly Answering[];
  readonly left: readonly Waiting[];
  /** Nothing was decided: the first command gets an answer without a write, and the account may be behind the store. */
  readonly behind: boolean;
}

/** Decides commands one after another and folds what they decide into the account. Stops where the next one needs to know what the store has now. */
const decideInTurn = (
  from: Account,
  round: readonly Waiting[],
  at: Instant,
  fresh: boolean,
): DecidedRound => {
  const events: NewEvent[] = [];
  const begun = new Map<StreamName, StreamWrite>();
  const answers: Answering[] = [];
  let account = from;
  let bytes = 0;
  for (const [index, waiting] of round.entries()) {
    const { begins } = waiting;
    const rest = (behind: boolean): DecidedRound => ({
      ...{ account, events, begun: [...begun.values()], answers, behind },
      left: round.slice(index),
    });
    if (bytes > roundBytesMax || (begins !== undefined && begun.has(begins.stream)))
      return rest(false);
    // When it throws, nobody knows what it has folded: the round is thrown away with the account, and each is tried alone.
    const present = waiting.asPosted ? { account, lapses: [] } : asOf(account, at);
    const decision = waiting.decide(present.account, at);
    if (decision.kind === 'answer') {
      if (!fresh) return rest(answers.length === 0);
      answers.push({ answer: decision.answer, upTo: events.length });
      continue;
    }
    if (decision.events.length > 0) account = present.account;
    for (const { event } of decision.folded ? [] : decision.events) evolve(account, event);
    for (const { stored } of [...lapsesBefore(present, decision.events), ...decision.events]) {
      events.push(...stored);
      for (const { data } of stored) bytes += data.length;
    }
    if (begins !== undefined) {
      begun.set(begins.stream, {
        stream: begins.stream,
        expected: 'noStream',
        events: [begins.event],
      });
    }
    answers.push({ answer: decision.answer(account), upTo: events.length });
  }
  return { account, events, begun: [...begun.values()], answers, left: [], behind: false };
};

/** Holds whose time was over are posted before what was decided without them, by the same names as accrual's clock would. */
const lapsesBefore = ({ lapses }: AsOf, [first]: readonly Recording[]): readonly Recording[] =>
  first === undefined ? [] : lapses.map((event) => lapseRecording(event, first.metadata));
