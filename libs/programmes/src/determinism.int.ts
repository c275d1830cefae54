import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { templateNames } from './templates.js';

/** Rates receipts around midnights, month ends and changes of the clock under every template, and says each rating byte by byte. */
const program = `
  import { createHash } from 'node:crypto';
  import { readDocument, templateNames, templateText } from '@tallystick/programmes';
  import { rateReceipt } from '@tallystick/rulebook';
  const moments = ['2026-03-29T00:59:59.999Z', '2026-03-29T01:00:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z',
    '2026-12-31T22:59:59Z', '2026-12-31T23:00:00Z', '2027-01-01T04:59:59Z', '2028-02-29T12:00:00Z'];
  for (const name of templateNames()) {
    const { value: book } = readDocument(templateText(name));
    const hash = createHash('sha256');
    let ratings = 0;
    for (const occurredAt of moments) {
      const line = (ordinal, amount) =>
        ({ ordinal, product: 'p' + ordinal, category: null, brand: null, quantity: '1', amount, original: null });
      const fact = { id: 'receipt/x', program: book.program, revision: 1, hash: 'h', occurredAt, card: 'c',
        ref: { chain: 'c', store: 's', till: 't', number: '1', businessDate: '2026-01-01' },
        currency: book.currency, channel: 'app', paidWithPoints: '0', lines: [line(1, '19.99'), line(2, '0.35'), line(3, '100.10')] };
      const history = new Map([['2026-02-28', { spendMinor: 40000, points: 400, visits: 3 }]]);
      const rating = rateReceipt(fact, { history, firstPurchase: true }, book);
      if (rating.explanation !== null) ratings += 1;
      hash.update(JSON.stringify(rating)).update(rating.explanationText());
    }
    console.log(name, ratings, hash.digest('hex'));
  }
`;

const ratedBy = async (env: Readonly<Record<string, string>>): Promise<string> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), env },
  );
  return stdout;
};

describe('rating', () => {
  it('is the same to the byte in every process, whatever the machine’s time zone and language', async () => {
    const here = await ratedBy({ TZ: 'UTC' });
    expect(
      here
        .trim()
        .split('\n')
        .map((line) => line.split(' ').slice(0, 2)),
    ).toEqual(templateNames().map((name) => [name, '8']));
    for (const env of [
      { TZ: 'Pacific/Kiritimati', LANG: 'ar_EG.UTF-8' },
      { TZ: 'America/Los_Angeles', LANG: 'de_DE.UTF-8' },
    ])
      expect(await ratedBy(env)).toBe(here);
  });
});
