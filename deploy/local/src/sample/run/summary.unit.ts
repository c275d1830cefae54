import { describe, expect, it } from '@jest/globals';
import { localDate } from '@tallystick/kernel';
import type { SampleFacts } from './facts.js';
import { renderNext, renderSummary } from './summary.js';

const facts: SampleFacts = {
  program: 'corner-shop',
  firstDay: localDate('2026-07-01'),
  lastDay: localDate('2026-09-30'),
  receipts: {
    sent: { messages: 1_010, receipts: 1_000, repeated: 5, corrected: 3, changed: 2 },
    fresh: 1_000,
    overHttp: 900,
    outcomes: { awarded: 800, nothing: 190, waiting: 10, refused: 0 },
    reasons: [
      { outcome: 'awarded', reason: null, receipts: 800 },
      { outcome: 'nothing', reason: 'no-card', receipts: 150 },
      { outcome: 'nothing', reason: 'below-one-point', receipts: 40 },
      { outcome: 'waiting', reason: 'card-unknown', receipts: 10 },
    ],
  },
  members: { enrolled: 300, known: 0 },
  redemptions: { made: 40, refused: 4, cancelled: 3 },
  partnerEvents: 20,
  points: {
    earned: 12_345,
    redeemed: 4_000,
    refunded: 300,
    reversed: 345,
    expired: 0,
    available: 8_200,
    pending: 100,
    lapsed: 0,
    arrears: 0,
  },
  checks: [
    { name: 'this holds', holds: true, seen: '1 of 1' },
    { name: 'this does not', holds: false, seen: '1 is not 2' },
  ],
  explained: { what: 'receipt 1', why: ['awarded', '12 points by version 1'] },
  took: { quarterMs: 12_340, checksMs: 1_000 },
  showCard: '9826100000000019',
};
const plain = { colors: false };

describe('the summary', () => {
  const text = renderSummary(facts, plain);

  it('names the shop and its quarter', () => {
    expect(text.split('\n')[0]).toBe('Corner Shop Club, 1 July to 30 September 2026');
  });

  it('shows receipts by outcome, with reasons, and their sum', () => {
    expect(text).toMatch(/^ {2}awarded +800$/m);
    expect(text).toMatch(/^ {2}nothing +190 +no card 150 · below one point 40$/m);
    expect(text).toMatch(/^ {2}waiting +10 /m);
    expect(text).toMatch(/^ {2}in all +1,000 .*5 came twice, 3 were corrected, 2 changed/m);
    expect(text).not.toContain('earlier run');
  });

  it('says what was known from an earlier run', () => {
    const known = (fresh: number): string =>
      renderSummary({ ...facts, receipts: { ...facts.receipts, fresh } }, plain);
    expect(known(0)).toContain('All of them were known from an earlier run');
    expect(known(400)).toContain('600 were known from an earlier run; 400 are new');
  });

  it('shows what became of the points', () => {
    expect(text).toMatch(/^ {2}earned +12,345$/m);
    expect(text).not.toContain('expired');
    const lapsed = renderSummary({ ...facts, points: { ...facts.points, expired: 12 } }, plain);
    expect(lapsed).toMatch(/^ {2}expired +-12$/m);
    expect(text).toMatch(/^ {2}redeemed +-4,000 +40 redemptions; 4 refused/m);
    expect(text).toMatch(/^ {2}outstanding +8,300 +available 8,200 · pending 100 · lapsed 0/m);
  });

  it('explains one award, if there is one', () => {
    expect(text).toMatch(/^Why +receipt 1\n {2}awarded\n {2}12 points by version 1\n\nChecks$/m);
    expect(renderSummary({ ...facts, explained: null }, plain)).not.toContain('Why');
  });

  it('marks each check', () => {
    expect(text).toContain('✓ this holds (1 of 1)');
    expect(text).toContain('✗ this does not (1 is not 2)');
  });

  it('is plain text where there are no colours', () => {
    // eslint-disable-next-line no-control-regex -- the escape is what must not be there
    expect(text).not.toMatch(/\u001b/);
    expect(renderSummary(facts, { colors: true })).toContain('\u001b[');
  });

  it('ends with what to do next', () => {
    const url = 'http://127.0.0.1:7400';
    const next = renderNext({ url, dataDir: null }, facts, plain);
    expect(next).toContain(`${url}/`);
    expect(next).toContain(
      ' npm run tally -- statement --program corner-shop --card 9826100000000019',
    );
    expect(renderNext({ url, dataDir: '/some/where' }, facts, plain)).toContain(
      ' TALLYSTICK_DATA=/some/where npm run tally -- statement',
    );
  });
});
