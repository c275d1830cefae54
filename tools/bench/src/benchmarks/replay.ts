import { pointsPerReceipt } from '../data/earn.js';
import {
  eventsPerAccount,
  fillWithHistory,
  receiptsPerAccount,
  redeemedEach,
  redemptionsPerAccount,
} from '../data/history.js';
import { mustBe, type Answer, type Benchmark, type Context } from '../harness/benchmark.js';
import { startChild } from '../harness/child.js';
import { inTurn } from '../harness/in-turn.js';
import { replayed, type Replay, type Replayed } from '../replay/messages.js';

const rssMaxBytes = 256 * 2 ** 20;
const file = new URL('../replay/replay-process.js', import.meta.url);
/** What a small container would give it: Node would otherwise take what is there before it tidies up. */
const nodeArgs = ['--max-old-space-size=128', '--max-semi-space-size=16'];

const oneReplay = async (url: string, side: Replay['side'], events: number): Promise<Replayed> => {
  const child = startChild<Replay, Replayed>(file, (message) => replayed.parse(message), {
    nodeArgs,
  });
  try {
    const done = await child.ask({ url, side });
    const accounts = events / eventsPerAccount;
    mustBe('the events', done.events, events);
    if (side === 'fold') mustBe('the accounts', done.accounts, accounts);
    mustBe('what was earned', done.earned, accounts * receiptsPerAccount * pointsPerReceipt);
    mustBe('what was redeemed', done.redeemed, accounts * redemptionsPerAccount * redeemedEach);
    return done;
  } finally {
    await child.end();
  }
};

const measure = async (context: Context, events: number, pairs: number): Promise<Answer> => {
  const database = await context.server.database();
  try {
    context.say(`filling ${events.toLocaleString('en-GB')} events`);
    await fillWithHistory(database.db, events);
    const peaks = { fold: 0, parse: 0 };
    const side = (of: Replay['side']) => async () => {
      const { seconds, peakBytes } = await oneReplay(database.url, of, events);
      peaks[of] = Math.max(peaks[of], peakBytes);
      return { count: events, seconds };
    };
    const rates = await inTurn({ pairs, say: context.say }, side('fold'), side('parse'));
    return {
      title: `replay, ${events.toLocaleString('en-GB')} events`,
      unit: 'events',
      ours: `every account folded from \`$all\` by the ledger, ${events / eventsPerAccount} accounts, in a process of its own (${nodeArgs.join(' ')})`,
      baseline:
        'reading the same rows through the same driver, 1,000 at a time and the next while one is parsed, and parsing their data',
      skips: 'folding; the envelope; keeping accounts apart',
      aim: 0.5,
      pairs: rates,
      peaks: [
        { of: 'ours', bytes: peaks.fold },
        { of: 'baseline', bytes: peaks.parse },
      ],
      checked: `every account once, what all have earned and redeemed, no gap in a stream; ours within ${rssMaxBytes / 2 ** 20} MiB: ${peaks.fold <= rssMaxBytes ? 'yes' : 'no'}`,
    };
  } finally {
    await database.drop();
  }
};

export const replay: Benchmark = {
  name: 'replay',
  about: 'Folding every account from all events, of two sizes, against reading and parsing them.',
  run: async (context) => {
    const { quick, pairs } = context;
    const [small, large] = quick ? [1_000, 10_000] : [1_000_000, 10_000_000];
    return [
      await measure(context, small, pairs),
      // An hour otherwise: at this size it is the memory that is asked for.
      await measure(context, large, Math.min(pairs, largePairsMax)),
    ];
  },
};
const largePairsMax = 2;
