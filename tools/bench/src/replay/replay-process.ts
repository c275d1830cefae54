import { foldEveryAccount } from '@tallystick/accounts';
import { createPostgresEventStore } from '@tallystick/event-store';
import { createPool } from '@tallystick/postgres';
import { secondsOf } from '../harness/in-turn.js';
import { decodePoints } from './decode-points.js';
import type { Replay, Replayed } from './messages.js';

/** One replay in a process of its own, so that its peak memory is its own. */
const pageEvents = 1_000;

/** Folds every account with our store and ledger. */
const fold = async (url: string): Promise<Omit<Replayed, 'peakBytes'>> => {
  const store = createPostgresEventStore({ db: url });
  let [earned, redeemed, done] = [0, 0, { events: 0, accounts: 0 }];
  const seconds = await secondsOf(async () => {
    done = await foldEveryAccount(store, (_stream, { totals }) => {
      earned += totals.earned;
      redeemed += totals.redeemed;
    });
  });
  await store.close();
  return { ...done, earned, redeemed, seconds };
};

/** Reads the same rows and parses their data, and no more. The next page comes while one is parsed. */
const parse = async (url: string): Promise<Omit<Replayed, 'peakBytes'>> => {
  const pool = createPool(url, { max: 2 });
  let [events, earned, redeemed] = [0, 0, 0];
  const page = (after: string) =>
    pool.query<{ position: bigint; type: string; data: string }>({
      name: 'page',
      text: `select position, stream, revision, id, type, schema_version, data, metadata
               from eventstore.events where position > $1 order by position limit ${pageEvents}`,
      values: [after],
    });
  const seconds = await secondsOf(async () => {
    let coming = page('0');
    for (;;) {
      const { rows } = await coming;
      const last = rows.at(-1);
      if (last === undefined) return;
      coming = page(String(last.position));
      for (const { type, data } of rows) {
        const points = decodePoints(data);
        if (type === 'PointsEarned') earned += points;
        else if (type === 'PointsRedeemed') redeemed += points;
        events += 1;
      }
    }
  });
  await pool.end();
  return { events, accounts: 0, earned, redeemed, seconds };
};

process.on('message', ({ url, side }: Replay) => {
  (side === 'fold' ? fold(url) : parse(url)).then(
    (replayed) => process.send?.({ ...replayed, peakBytes: process.resourceUsage().maxRSS * 1024 }),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
