import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable, type EventMetadata, type RecordedEvent } from '@tallystick/event-store';
import { programId, systemClock } from '@tallystick/kernel';
import { UnknownLedgerEvent } from '@tallystick/ledger';
import { decodeBudgetEvent, decodeCardEvent, decodeFactEvent } from '@tallystick/receipts';
import { BusUnavailable, type Message, type Verdict } from '@tallystick/message-bus';
import { createCardTokens } from '@tallystick/service-host';
import type { Telemetry } from '@tallystick/telemetry';
import { pino } from 'pino';
import { Catalog, programStream } from '../programs/catalog.js';
import { IntakeQueue } from '../settle/intake-queue.js';
import { AccountNotOpen } from '../settle/apply-pin.js';
import type { SettleAnswer } from '../settle/settler.js';
import { tellingsOf } from '../settle/told.js';
import { storeInMemory } from '../testing/store-in-memory.js';
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

const cardTokens = createCardTokens(Buffer.alloc(32, 1));

/** A consumer whose settler throws at the receipt with the number `bad`. */
const consumer = (
  error: unknown,
  tokens = cardTokens,
  telemetry: Telemetry | null = null,
): ReceiptsConsumer =>
  new ReceiptsConsumer(
    new IntakeQueue({
      settle: async (arrivals) =>
        arrivals.map(({ fact }) => {
          if ('ref' in fact && fact.ref.number === 'bad') throw error;
          return settled;
        }),
    }),
    tokens,
    systemClock,
    pino({ level: 'silent' }),
    telemetry,
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
    const tokens = {
      tokenOf: () => {
        throw bug;
      },
    };
    const answers = await tryOften(consumer(bug, tokens), triesMax);
    expect(answers.at(-1)).toEqual([
      {
        kind: 'poison',
        reason: expect.stringMatching(/; nothing of it is kept here/),
        keptAs: { key: '', value: '' },
      },
    ]);
  });

  it('is kept however deep it is nested, without its card number', async () => {
    const deep = 200_000;
    const value = `{"program":"club","card":"${card}","x":${'['.repeat(deep)}"${card}"${']'.repeat(deep)}}`;
    const [verdict] = (await tryOften(consumer(bug), 1, [{ ...bad, value }])).flat();
    expect(verdict).toMatchObject({
      kind: 'poison',
      keptAs: { value: expect.stringMatching(/^.{400000}/) },
    });
    expect(JSON.stringify(verdict)).not.toContain(card);
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

  const stream = programStream(programId('club'));
  const at = systemClock();
  const metadata: EventMetadata = {
    ...{
      program: programId('club'),
      occurredAt: at,
      recordedAt: at,
      actor: 'x',
      correlationId: 'x',
    },
  };
  const newer = (type: string, schemaVersion: number): RecordedEvent => ({
    ...{ stream, revision: 0, position: 1n, id: 'x', type, schemaVersion, data: '{}', metadata },
  });
  const catalog = new Catalog(storeInMemory().store);
  it.each<readonly [string, () => unknown]>([
    ['of a receipt', () => decodeFactEvent(newer('ReceiptRegistered', 2))],
    ['of a receipt, of a new kind', () => decodeFactEvent(newer('ReceiptMoved', 1))],
    ['of a card', () => decodeCardEvent(newer('CardAttached', 2))],
    ['of a card, of a new kind', () => decodeCardEvent(newer('CardLost', 1))],
    ['of a budget', () => decodeBudgetEvent(newer('BudgetUsed', 2))],
    ['of a budget, of a new kind', () => decodeBudgetEvent(newer('BudgetRaised', 1))],
    ['of a member', () => tellingsOf([newer('AttributesSet', 2)])],
    ['of a rulebook', () => catalog.learn(stream, [newer('RulebookPublished', 2)])],
  ])('is not what it is when a newer release has written an event %s', async (_, read) => {
    let error: unknown;
    try {
      read();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Error);
    const answers = await tryOften(consumer(error), 3 * triesMax);
    expect(new Set(answers)).toEqual(new Set([String(error)]));
  });
});

describe('what is refused over the bus', () => {
  it('is counted with the batch that buries it, unreadable or not, and again when it is tried again', async () => {
    const counted: unknown[] = [];
    const unasked = (): never => {
      throw new Error('nothing here has a span');
    };
    const telemetry: Telemetry = {
      work: unasked,
      span: unasked,
      observe: unasked,
      took: () => {},
      count: (_, attributes) => counted.push(attributes['tallystick.outcome']),
    };
    const error = new TypeError('x is not a function');
    const to = consumer(error, cardTokens, telemetry);
    const rubbish = { ...message(6n), value: 'no JSON' };
    const invalid = { ...message(5n), value: JSON.stringify({ program: 'club' }) };
    await expect(to.take([rubbish, bad])).rejects.toThrow(error);
    expect(counted).toEqual([]);
    await to.take([invalid, rubbish, message(8n)]);
    expect(counted).toEqual(['refused', 'refused']);
    await to.take([rubbish]);
    expect(counted).toHaveLength(3);
    await tryOften(to, triesMax);
    expect(counted).toHaveLength(4);
  });

  const bytes = Uint8Array.of(0xff, 0xfe);
  const avro = { 'content-type': 'application/avro; charset=x' };
  it.each<readonly [string, Partial<Message>, string]>([
    ['nothing', { value: '' }, 'the value is empty'],
    ['no JSON', { value: 'x' }, 'the value is not JSON'],
    [
      'text of another type',
      { value: 'x', headers: avro },
      'the value is not JSON, and its content type is application/avro',
    ],
    [
      'bytes of another type',
      { value: '', bytes, headers: avro },
      'the value is no text, and its content type is application/avro, not application/protobuf',
    ],
    [
      'bytes of no type',
      { value: '', bytes },
      'the value is no text, and it has no content type, not application/protobuf',
    ],
    [
      'bytes with rubbish as a type',
      { value: '', bytes, headers: { 'content-type': card } },
      'the value is no text, and its content type is none, not application/protobuf',
    ],
  ])('is told with its reason: %s', async (_, given, reason) => {
    const [verdict] = await consumer(null).take([{ ...message(1n), ...given }]);
    expect(verdict).toMatchObject({ kind: 'poison', reason });
  });
});
