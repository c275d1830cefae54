import { describe, expect, it } from '@jest/globals';
import { cardToken, instant, localDate, programId } from '@tallystick/kernel';
import { receiptFactId } from '@tallystick/receipts';
import { IntakeQueue } from './intake-queue.js';
import type { Arrival } from './settle-fact.js';
import type { SettleAnswer } from './settler.js';

const program = programId('club');
const at = instant('2026-05-05T12:00:00Z');
const refOf = (number: string) => ({
  ...{ chain: 'c', store: 's', till: 't', number, businessDate: localDate('2026-05-05') },
});

const receipt = (number: string, card: string | null, returns?: string): Arrival => ({
  fact: {
    ...{ id: receiptFactId(program, refOf(number)), program, ref: refOf(number), revision: 1 },
    ...{ hash: number, occurredAt: at, card: card === null ? null : cardToken(card) },
    ...{ currency: 'GBP', channel: null, paidWithPoints: '0' },
    lines: [
      {
        ...{ ordinal: 1, product: 'tea', category: null, brand: null, amount: '1' },
        quantity: returns === undefined ? '1' : '-1',
        original: returns === undefined ? null : { ...refOf(returns), ordinal: 1 },
      },
    ],
  },
  metadata: { program, occurredAt: at, recordedAt: at, actor: 'test', correlationId: 'c' },
});
const answer: SettleAnswer = { kind: 'program-unknown' };

/** A queue before a settler whose rounds end when the test says so. */
const open = () => {
  const rounds: { readonly receipts: string[]; end: (error?: Error) => void }[] = [];
  const queue = new IntakeQueue({
    settle: (arrivals) =>
      new Promise((resolve, reject) => {
        rounds.push({
          receipts: arrivals.map(({ fact }) => fact.hash),
          end: (error) => {
            if (error === undefined) resolve(arrivals.map(() => answer));
            else reject(error);
          },
        });
      }),
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    turn,
    send: (...arrivals: readonly Arrival[]) => queue.settle(arrivals),
    rounds: () => rounds.map(({ receipts }) => receipts.join()),
    end: async (round: number, error?: Error) => {
      rounds[round]?.end(error);
      for (let turns = 0; turns < 3; turns += 1) await turn();
    },
  };
};

describe('the intake', () => {
  it('gathers what comes while two rounds are under way into the next one', async () => {
    const { send, rounds, end, turn } = open();
    const sent: Promise<unknown>[] = [];
    const come = async (...numbers: readonly string[]) => {
      for (const number of numbers) sent.push(send(receipt(number, number)));
      await turn();
    };
    await come('1', '2');
    await come('3');
    await come('4');
    await come('5');
    expect(rounds()).toEqual(['1,2', '3']);
    await end(1);
    expect(rounds()).toEqual(['1,2', '3', '4,5']);
    await end(0);
    await end(2);
    expect(await Promise.all(sent)).toEqual(sent.map(() => [answer]));
  });

  it('keeps the order of a card, also of those who wait behind others', async () => {
    const { send, rounds, end, turn } = open();
    void send(receipt('1', 'ann'));
    await turn();
    void send(receipt('2', 'ann'), receipt('3', 'bob'));
    void send(receipt('4', 'bob'));
    void send(receipt('5', 'cid'));
    await turn();
    expect(rounds()).toEqual(['1', '5']);
    await end(1);
    expect(rounds()).toEqual(['1', '5']);
    await end(0);
    expect(rounds()).toEqual(['1', '5', '2,3,4']);
  });

  it('settles a return after the sale that it names, whatever card is shown', async () => {
    const { send, rounds, end, turn } = open();
    void send(receipt('1', 'ann'));
    await turn();
    void send(receipt('2', null, '1'));
    void send(receipt('3', 'bob'));
    await turn();
    expect(rounds()).toEqual(['1', '3']);
    await end(0);
    expect(rounds()).toEqual(['1', '3', '2']);
  });

  it('tries each caller’s facts alone when a round of several fails', async () => {
    const { send, rounds, end, turn } = open();
    const [one, other] = [send(receipt('1', 'ann')), send(receipt('2', 'bob'))];
    await turn();
    await end(0, new Error('a bug'));
    expect(rounds()).toEqual(['1,2', '1']);
    await end(1, new Error('a bug'));
    await expect(one).rejects.toThrow('a bug');
    expect(rounds()).toEqual(['1,2', '1', '2']);
    await end(2);
    expect(await other).toEqual([answer]);
  });
});
