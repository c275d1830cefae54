import { mustBe, type Benchmark } from '../harness/benchmark.js';
import { inTurn } from '../harness/in-turn.js';
import { pointsOfReceipt } from '../http/requests.js';
import { budgeted, openShop, program, type Shop } from '../http/shop.js';

const callers = 16;
const budget = 'spring';

/** What a campaign's budget costs that every receipt draws on. */
export const oneBudget: Benchmark = {
  name: 'http-earn-budget',
  about: 'One receipt a request, all of them paid by one budget, against the same without one.',
  run: async (context) => {
    const database = await context.server.database();
    const count = context.quick ? 100 : 2_000;
    const cards = context.quick ? 50 : 2_000;
    let shop: Shop | undefined;
    try {
      const open = await openShop(database, 'accrual', { cards, callers, budget });
      shop = open;
      const latencies: { ours: string[]; without: string[] } = { ours: [], without: [] };
      const side = (of: keyof typeof latencies) => async (run: number) => {
        await database.settle();
        const { seconds, points, latencyMs } = await open.load('/v1/receipts', {
          ...{ first: 1_000_000 + run * count, count, status: 200, body: 'receipt' },
          program: of === 'ours' ? budgeted : program,
        });
        mustBe('the points in the answers', points, count * pointsOfReceipt);
        if (run > 0)
          latencies[of].push(`${latencyMs.p50.toFixed(1)}/${latencyMs.p99.toFixed(1)} ms`);
        return { count, seconds };
      };
      const pairs = await inTurn(context, side('ours'), side('without'));
      const { rows } = await database.db.query<{ used: string | null }>(
        `select sum((data::jsonb ->> 'used')::bigint) as used from eventstore.events
          where type = 'BudgetUsed'`,
      );
      // One more for each of the receipts that were sent before it began.
      const sent = count * (context.pairs + 1) + 1;
      mustBe('what the budget has counted', Number(rows[0]?.used ?? 0), sent * pointsOfReceipt);
      context.say(
        `latency p50/p99: ours ${latencies.ours.join(', ')}; without ${latencies.without.join(', ')}`,
      );
      return [
        {
          title: 'http-earn-budget',
          unit: 'requests',
          ours: `${callers} callers send a receipt of three lines a request to accrual; one budget with a hard stop pays for all of them`,
          baseline: 'the same in a programme without a budget',
          skips: 'the budget',
          aim: null,
          pairs,
          checked: 'every answer, and that the budget has counted each point once',
        },
      ];
    } finally {
      await shop?.close();
      await database.drop();
    }
  },
};
