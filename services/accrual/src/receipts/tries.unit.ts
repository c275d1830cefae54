import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '@tallystick/event-store';
import { systemClock } from '@tallystick/kernel';
import { UnknownLedgerEvent } from '@tallystick/ledger';
import { BusUnavailable, type Message, type Verdict } from '@tallystick/message-bus';
import { createCardTokens } from '@tallystick/service-host';
import { pino } from 'pino';
import { IntakeQueue } from '../settle/intake-queue.js';
import { AccountNotOpen } from '../settle/apply-pin.js';
import type { SettleAnswer } from '../settle/settler.js';
import { ReceiptsConsumer } from './receipts.consumer.js';
import { triesMax } from './tries.js';

const card = '4711471147114711';
const receipt = (number: string) => ({
  ...{ program: 'club', chain: 'c', store: 's', till: 't', number },
  ...{ businessDate: '2026-05-05', occurredAt: '2026-05-05T12:00:00Z', currency: 'GBP', card },
  lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '10.00' }],
});
const message = (offset: bigint, number = `n${offset}`): Message => ({
  ...{ topic: 'receipts', partition: 3, offset, key: card, id: number, headers: {} },
  value: JSON.stringify(receipt(number)),
});
const settled: SettleAnswer = {
  ...{ kind: 'settled', position: 1n },
  outcome: { outcome: 'waiting', reason: 'card-unknown', points: 0, parts: [], lines: [] } as never,
};

/** A consumer whose settler throws at the receipt with the number `bad`. */
const consumer = (error: unknown): ReceiptsConsumer =>
  new ReceiptsConsumer(
    new IntakeQueue({
      settle: async (arrivals) =>
        arrivals.map(({ fact }) => {
          if ('ref' in fact && fact.ref.number === 'bad') throw error;
          return settled;
        }),
    }),
    createCardTokens(Buffer.alloc(32, 1)),
    systemClock,
    pino({ level: 'silent' }),
    null,
  );
const bad = message(7n, 'bad');
/** What comes of so many tries in a row: the error that each threw, or its verdicts. */
const tryOften = async (to: ReceiptsConsumer, times: number, batch: readonly Message[] = [bad]) => {
  const all: (Verdict[] | string)[] = [];
  for (let time = 0; time < times; time += 1)
    all.push(await to.take(batch).catch((error: unknown) => String(error)));
  return all;
};

describe('a receipt that a bug keeps from being taken', () => {
  const bug = new TypeError('x is not a function');

  it('goes to the dead letters after some tries, without its card number', async () => {
    const answers = await tryOften(consumer(bug), triesMax);
    expect(answers.slice(0, -1)).toEqual(Array(triesMax - 1).fill(String(bug)));
    expect(answers.at(-1)).toEqual([
      { kind: 'poison', reason: expect.stringContaining('a bug'), keptAs: expect.anything() },
    ]);
    expect(JSON.stringify(answers.at(-1))).not.toContain(card);
  });

  it('is not told apart from the others of its batch', async () => {
    const answers = await tryOften(consumer(bug), 2 * triesMax, [message(6n), bad]);
    expect(new Set(answers)).toEqual(new Set([String(bug)]));
  });

  it('goes there with nothing of it where even what may be kept of it cannot be made', async () => {
    const deep = 200_000;
    const value = `{"program":"club","card":"${card}","x":${'['.repeat(deep)}${']'.repeat(deep)}}`;
    const answers = await tryOften(consumer(bug), triesMax, [{ ...bad, value }]);
    expect(answers.at(-1)).toEqual([
      {
        kind: 'poison',
        reason: expect.stringMatching(/; nothing of it is kept here/),
        keptAs: { key: '', value: '' },
      },
    ]);
  });

  it('is counted by itself: another one behind it begins anew', async () => {
    const to = consumer(bug);
    await tryOften(to, triesMax - 1);
    expect(await tryOften(to, 1, [message(8n, 'bad')])).toEqual([String(bug)]);
    expect(await tryOften(to, 1, [message(9n)])).toEqual([[{ kind: 'done' }]]);
  });

  it.each<readonly [string, Error]>([
    ['the store is away', new StoreUnavailable(new Error('gone'))],
    ['the bus is away', new BusUnavailable(new Error('gone'))],
    ['the disk is full', Object.assign(new Error('no space'), { code: '53100' })],
    ['a cause has a code', new Error('x', { cause: Object.assign(new Error(), { code: 'EIO' }) })],
    ['a newer release has written', new UnknownLedgerEvent('PointsEarned', 99)],
    ['membership is late', new AccountNotOpen('a')],
  ])('is not what it is when %s', async (_, error) => {
    const answers = await tryOften(consumer(error), 3 * triesMax);
    expect(new Set(answers)).toEqual(new Set([String(error)]));
  });
});
