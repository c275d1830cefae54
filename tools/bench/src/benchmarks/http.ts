import type { Database } from '@tallystick/postgres';
import { mustBe, type Answer, type Benchmark, type Context } from '../harness/benchmark.js';
import { inTurn } from '../harness/in-turn.js';
import { pointsOfReceipt } from '../http/requests.js';
import { openShop, type Shop } from '../http/shop.js';

const callers = 16;

interface Kind {
  readonly name: 'http-earn' | 'http-redeem';
  readonly service: 'accrual' | 'redemption';
  readonly body: 'receipt' | 'redemption';
  readonly path: string;
  readonly bare: string;
  readonly status: number;
  readonly pointsEach: number;
  readonly eventType: string;
  readonly ours: string;
}

const earn: Kind = {
  name: 'http-earn',
  service: 'accrual',
  body: 'receipt',
  path: '/v1/receipts',
  bare: '/v1/bare/receipts',
  status: 200,
  pointsEach: pointsOfReceipt,
  eventType: 'PointsEarned',
  ours: `${callers} callers send a receipt of three lines a request to accrual (its relay and consumers at work beside)`,
};
const redeem: Kind = {
  name: 'http-redeem',
  service: 'redemption',
  body: 'redemption',
  path: '/v1/redemptions',
  bare: '/v1/bare/redemptions',
  status: 201,
  pointsEach: 1,
  eventType: 'PointsRedeemed',
  ours: `${callers} callers redeem a point by card a request at redemption`,
};

const measure = async (context: Context, kind: Kind): Promise<Answer> => {
  const database = await context.server.database();
  const count = context.quick ? 100 : 6_000;
  const cards = context.quick ? 50 : 2_000;
  let shop: Shop | undefined;
  try {
    const open = await openShop(database, kind.service, { cards, callers });
    shop = open;
    const { body, status, pointsEach } = kind;
    const before = await pointsIn(database.db, kind.eventType);
    const latencies: { ours: string[]; bare: string[] } = { ours: [], bare: [] };
    const side = (path: string, of: 'ours' | 'bare') => async (run: number) => {
      await database.settle();
      // The members' first points have the numbers below.
      const first = 1_000_000 + run * count;
      const done = await open.load(path, { first, count, status, body });
      mustBe('the points in the answers', done.points, count * pointsEach);
      if (run > 0)
        latencies[of].push(`${done.latencyMs.p50.toFixed(1)}/${done.latencyMs.p99.toFixed(1)} ms`);
      return { count, seconds: done.seconds };
    };
    const pairs = await inTurn(context, side(kind.path, 'ours'), side(kind.bare, 'bare'));
    const after = await pointsIn(database.db, kind.eventType);
    const runs = context.pairs + 1;
    mustBe('the events', after.events - before.events, count * runs);
    mustBe('their points', after.points - before.points, count * runs * pointsEach);
    context.say(
      `latency p50/p99: ours ${latencies.ours.join(', ')}; bare ${latencies.bare.join(', ')}`,
    );
    return {
      title: kind.name,
      unit: 'requests',
      ours: kind.ours,
      baseline: 'a route of the same service that checks token, scope and body and answers as much',
      skips: 'everything else: it decides nothing, reads nothing and keeps nothing',
      aim: 0.4,
      pairs,
      checked: 'every answer, and that the store holds each once with its points',
    };
  } finally {
    await shop?.close();
    await database.drop();
  }
};

const pointsIn = async (
  db: Database,
  type: string,
): Promise<{ readonly events: number; readonly points: number }> => {
  const { rows } = await db.query<{ events: bigint; points: string | null }>(
    `select count(*) as events, sum((data::jsonb ->> 'points')::bigint) as points
       from eventstore.events where type = $1`,
    [type],
  );
  return { events: Number(rows[0]?.events ?? 0), points: Number(rows[0]?.points ?? 0) };
};

export const httpEarn: Benchmark = {
  name: 'http-earn',
  about: 'One receipt a request through the whole of accrual, against a bare route of it.',
  run: async (context) => [await measure(context, earn)],
};
export const httpRedeem: Benchmark = {
  name: 'http-redeem',
  about: 'One redemption a request through the whole of redemption, against a bare route of it.',
  run: async (context) => [await measure(context, redeem)],
};
