import { isAway } from '@tallystick/service-host';
import type { Arrival } from './settle-fact.js';
import type { SettleAnswer, Settler } from './settler.js';

/** Facts that are settled together at most; what else has come meanwhile goes with the next round. */
const roundFactsMax = 1_000;

interface Waiting {
  readonly arrivals: readonly Arrival[];
  readonly resolve: (answers: readonly SettleAnswer[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One writer per process: what arrives while a round is being written forms the next round, so that many callers share a commit
 * and facts of one account never compete with each other.
 */
export class IntakeQueue {
  private readonly waiting: Waiting[] = [];
  private running = false;

  constructor(private readonly settler: Settler) {}

  settle(arrivals: readonly Arrival[]): Promise<readonly SettleAnswer[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ arrivals, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  /** Never rejects: every error goes to the callers whose facts it hit. */
  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      const round = this.nextRound();
      try {
        const answers = await this.settler.settle(round.flatMap(({ arrivals }) => arrivals));
        let from = 0;
        for (const { arrivals, resolve } of round) {
          resolve(answers.slice(from, from + arrivals.length));
          from += arrivals.length;
        }
      } catch (error) {
        if (round.length === 1 || isAway(error)) for (const { reject } of round) reject(error);
        // One caller's facts must not fail another's: each is tried alone.
        else for (const waiting of round) await this.settleAlone(waiting);
      }
    }
    this.running = false;
  }

  private async settleAlone({ arrivals, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve(await this.settler.settle(arrivals));
    } catch (error) {
      reject(error);
    }
  }

  private nextRound(): Waiting[] {
    const round: Waiting[] = [];
    let facts = 0;
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (round.length > 0 && facts + next.arrivals.length > roundFactsMax) break;
      round.push(next);
      facts += next.arrivals.length;
      this.waiting.shift();
    }
    return round;
  }
}
