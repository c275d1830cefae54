import { hash } from 'node:crypto';
import { rateReceipt, type ReceiptFact, type Rulebook } from '@tallystick/rulebook';
import { localDate } from '@tallystick/kernel';
import { basketOf, rulebookOf } from '../data/rulebook.js';
import {
  mustBe,
  type Answer,
  type Benchmark,
  type Context,
  type Measured,
} from '../harness/benchmark.js';
import { inTurn } from '../harness/in-turn.js';

/** Spent before: enough for the upper level. */
const history = new Map([
  [localDate('2026-01-01'), { spendMinor: 60_000, points: 600, visits: 20 }],
]);

const timed = (count: number, work: () => number, expected: number): Measured => {
  const started = performance.now();
  const came = work();
  const seconds = (performance.now() - started) / 1000;
  mustBe('what it came to', came, expected);
  return { count, seconds };
};

/** As the service rates: an award keeps the hash of why it is so. */
const rateAll = (receipts: readonly ReceiptFact[], book: Rulebook): number => {
  let points = 0;
  for (const receipt of receipts) {
    const rating = rateReceipt(receipt, { history }, book);
    if (hash('sha256', rating.explanationText()).length !== sha256Chars) return NaN;
    for (const lot of rating.lots) points += lot.points;
  }
  return points;
};

const sha256Chars = 64;

const parseAll = (texts: readonly string[]): number => {
  let parsed = 0;
  for (const text of texts) {
    const receipt: unknown = JSON.parse(text);
    if (typeof receipt === 'object' && receipt !== null && 'lines' in receipt) parsed += 1;
  }
  return parsed;
};

const run = async ({ quick, pairs, say }: Context): Promise<readonly Answer[]> => {
  const count = quick ? 200 : 20_000;
  const receipts = Array.from({ length: count }, (_, number) => basketOf(number));
  const texts = receipts.map((receipt) => JSON.stringify(receipt));
  const [book, large] = [rulebookOf(20), rulebookOf(500)];
  const points = rateAll(receipts, book);
  const parsedCount = parseAll(texts);
  const perReceipt = Math.round(texts.reduce((sum, { length }) => sum + length, 0) / count);
  const rated = (of: Rulebook) => () =>
    Promise.resolve(timed(count, () => rateAll(receipts, of), points));
  const parsed = () => Promise.resolve(timed(count, () => parseAll(texts), parsedCount));
  return [
    {
      title: 'rate, 20 rules',
      unit: 'receipts',
      ours: `\`rateReceipt\` of ${count} receipts of 8 lines on average, 20 rules, each with the hash of why it gave what it gave`,
      baseline: `\`JSON.parse\` of the same receipts, ${perReceipt} characters each`,
      skips: 'rating',
      aim: 0.5,
      pairs: await inTurn({ pairs, say }, rated(book), parsed),
      checked: `every run came to ${points} points, and parsed ${parsedCount} receipts`,
    },
    {
      title: 'rate, 500 rules',
      unit: 'receipts',
      ours: 'the same receipts under 500 rules, of which 480 name a product that none of them has',
      baseline: 'the same under the 20 rules',
      skips: 'the other 480 rules',
      aim: 0.8,
      pairs: await inTurn({ pairs, say }, rated(large), rated(book)),
      checked: `every run came to ${points} points`,
    },
  ];
};

export const rate: Benchmark = {
  name: 'rate',
  about: 'Receipts through the rulebook alone, against parsing them; and what 480 more rules cost.',
  run,
};
