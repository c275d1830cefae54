import { isAway } from '@tallystick/service-host';
import { namedOriginals } from '@tallystick/receipts';
import type { Arrival } from './settle-fact.js';
import type { SettleAnswer } from './settler.js';

/** Facts that are settled together at most; what else has come meanwhile goes with a later round. */
const roundFactsMax = 1_000;
/** While one round is being written the next one may be decided. More would only be smaller ones. */
const roundsMax = 2;

interface Waiting {
  readonly arrivals: readonly Arrival[];
  /** What its facts have in common with others that must come before or after them. */
  readonly keys: readonly string[];
  readonly resolve: (answers: readonly SettleAnswer[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Settles {
  settle(arrivals: readonly Arrival[]): Promise<readonly SettleAnswer[]>;
}

/**
 * One writer per process: what arrives while rounds are being written forms the next one, so that many callers share a read and a
 * commit. Facts of one card, and a return and the sale that it names, are settled in the order in which they came: they are in one
 * round, or the later one waits for the earlier one's answer.
 */
export class IntakeQueue {
  private waiting: Waiting[] = [];
  private readonly underWay = new Set<string>();
  private rounds = 0;
  private beginning = false;

  constructor(private readonly settler: Settles) {}

  /** Rejects where the store is away, or another service that rating some of these facts needs: who sends all of them again is answered as if once. */
  settle(arrivals: readonly Arrival[]): Promise<readonly SettleAnswer[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ arrivals, keys: keysOf(arrivals), resolve, reject });
      this.beginSoon();
    });
  }

  /** Callers that were answered together come back in this turn of the event loop: lets them in. */
  private beginSoon(): void {
    if (this.beginning) return;
    this.beginning = true;
    setImmediate(() => {
      this.beginning = false;
      for (let round = this.nextRound(); round.length > 0; round = this.nextRound())
        void this.run(round);
    });
  }

  /** Never rejects: every error goes to the callers whose facts it hit. */
  private async run(round: readonly Waiting[]): Promise<void> {
    this.rounds += 1;
    const keys = round.flatMap((waiting) => waiting.keys);
    for (const key of keys) this.underWay.add(key);
    await this.settleTogether(round);
    for (const key of keys) this.underWay.delete(key);
    this.rounds -= 1;
    this.beginSoon();
  }

  private async settleTogether(round: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.settler.settle(round.flatMap(({ arrivals }) => arrivals));
      let from = 0;
      for (const waiting of round) {
        answerTo(waiting, answers.slice(from, from + waiting.arrivals.length));
        from += waiting.arrivals.length;
      }
    } catch (error) {
      if (round.length === 1 || isAway(error)) for (const { reject } of round) reject(error);
      // One caller's facts must not fail another's: each is tried alone.
      else for (const waiting of round) await this.settleAlone(waiting);
    }
  }

  private async settleAlone(waiting: Waiting): Promise<void> {
    try {
      answerTo(waiting, await this.settler.settle(waiting.arrivals));
    } catch (error) {
      waiting.reject(error);
    }
  }

  /** Those who wait in their order, but for who has to wait for one who is under way or before them. */
  private nextRound(): readonly Waiting[] {
    if (this.rounds === roundsMax) return [];
    const round: Waiting[] = [];
    const left: Waiting[] = [];
    const before = new Set(this.underWay);
    let facts = 0;
    for (const waiting of this.waiting) {
      const fits = round.length === 0 || facts + waiting.arrivals.length <= roundFactsMax;
      if (fits && !waiting.keys.some((key) => before.has(key))) {
        round.push(waiting);
        facts += waiting.arrivals.length;
      } else {
        left.push(waiting);
        for (const key of waiting.keys) before.add(key);
      }
    }
    this.waiting = left;
    return round;
  }
}

/** Only the callers with such a fact hear that a service is away: others have their answers. */
const answerTo = ({ resolve, reject }: Waiting, answers: readonly SettleAnswer[]): void => {
  const away = answers.find((answer) => answer.kind === 'away');
  if (away === undefined) resolve(answers);
  else reject(away.error);
};

const keysOf = (arrivals: readonly Arrival[]): readonly string[] => [
  ...new Set(
    arrivals.flatMap(({ fact }) => [
      fact.id,
      ...namedOriginals(fact),
      ...(fact.card === null ? [] : [fact.card]),
    ]),
  ),
];
