import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { ReceiptV1Input } from '@tallystick/contracts';
import { random, type Random } from '../../sample/quarter/random.js';
import {
  enrol,
  line,
  publish,
  receipt,
  refOf,
  type House,
  type Member,
} from '../front-door/house.js';
import { expected, numberAt, problemOf, textAt, type Answer } from '../tools/client.js';
import type { Door, Journal } from './journal.js';

export const program = 'e2e-crash';
export const partner = 'cinema';

const members = 12;
const startingPoints = 5_000;
const tills = 4;
const spenders = 3;
const retryAfterMs = { from: 20, to: 120 };
/** Those that are not what the run is about go slower. */
const pauseMs = { enrolling: 200, partners: 100, reading: 50 };

export interface Shop {
  readonly house: House;
  readonly people: readonly (Member & { readonly card: string })[];
  readonly secret: string;
}

/** A programme, members with points, a partner. Part of the journal like everything else. */
export const openShop = async (house: House, journal: Journal): Promise<Shop> => {
  const published = await publish(house, program, {
    partnerEvents: [{ id: 'ticket', partner, type: 'ticket-bought', points: 2, per: '1.00' }],
  });
  const people: (Member & { readonly card: string })[] = [];
  for (let nth = 0; nth < members; nth += 1) {
    const card = `98279${String(nth).padStart(8, '0')}`;
    const enrolled = await enrol(house, program, [card], published);
    people.push({ ...enrolled, card });
    journal.acknowledged.push({ kind: 'enrolment', id: enrolled.member });
  }
  const registered = await house.manager('partners', '/v1/partners', {
    body: { program, partner, name: 'Picture House' },
    after: published,
  });
  const shop = { house, people, secret: textAt(registered.body, 'secret') };
  for (const { card, position } of people) {
    const lines = [line(1, 'tea', '1', `${startingPoints}.00`)];
    const sale = receipt(program, `start-${card}`, { card, lines });
    const answer = expected(
      await house.store('accrual', '/v1/receipts', { body: sale, after: position }),
      200,
    );
    noteReceipt(journal, answer);
    const redemption = { body: { program, account: people[0]?.account }, after: answer.position };
    expected(await house.store('redemption', '/v1/redemptions/quote', redemption), 200);
  }
  return shop;
};

/** Clients of every service, each writing one thing after the other until it is stopped; what is in hand is finished. */
export const startLoad = (
  shop: Shop,
  journal: Journal,
  seed: number,
): { stop(): Promise<void> } => {
  const stop = new AbortController();
  const again = async (work: (nth: number) => Promise<void>): Promise<void> => {
    for (let nth = 1; !stop.signal.aborted; nth += 1) await work(nth);
  };
  const clients = [
    ...Array.from({ length: tills }, (_, till) => {
      const work = tillWork(shop, journal, random(seed + till), `t${till}`);
      return again(work);
    }),
    ...Array.from({ length: spenders }, (_, spender) => {
      const work = spendingWork(shop, journal, random(seed + 100 + spender), `s${spender}`);
      return again(work);
    }),
    again(enrolling(shop, journal)),
    again(partnerEvents(shop, journal, random(seed + 200))),
    again(reading(shop, journal, random(seed + 300))),
  ];
  const all = Promise.all(clients);
  // A client that throws ends the run when it is stopped, not the process before.
  all.catch(() => stop.abort());
  return {
    stop: async () => {
      stop.abort();
      await all;
    },
  };
};

/**
 * Asks the same again and again until there is an answer that says what became of it: a status below 500. What no client
 * should ever be told is noted: an error of the service's own.
 */
const ask = async (journal: Journal, door: Door, send: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    const begunMs = performance.now();
    const answer = await send().catch((error: unknown) => {
      journal.refusals.set(door, `${Math.round(begunMs)}: ${String(error)}`);
      return undefined;
    });
    if (answer !== undefined && answer.status < 500) {
      journal.answered({ door, begunMs, answeredMs: performance.now() });
      journal.toldPosition = Math.max(journal.toldPosition, Number(answer.position ?? 0));
      return answer;
    }
    if (answer !== undefined)
      journal.refusals.set(
        door,
        `${Math.round(begunMs)}: ${answer.status} ${JSON.stringify(answer.body)}`,
      );
    if (answer !== undefined && answer.status !== 503 && answer.status !== 502)
      journal.unexpected.push(`${door} ${answer.status}: ${JSON.stringify(answer.body)}`);
    journal.retries += 1;
    await sleep(retryAfterMs.from + Math.random() * (retryAfterMs.to - retryAfterMs.from));
  }
};

const noteReceipt = (journal: Journal, answer: Answer): void => {
  const { body } = answer;
  journal.acknowledged.push({
    kind: 'receipt',
    id: textAt(body, 'receipt'),
    earned: numberAt(body, 'earned'),
    reversed: numberAt(body, 'reversed'),
  });
};

/** Sales, and now and then a return of one of them. */
const tillWork = (shop: Shop, journal: Journal, chance: Random, till: string) => {
  let sold: ReceiptV1Input | undefined;
  return async (nth: number): Promise<void> => {
    const { card } = chance.pick(shop.people);
    const price = `${chance.between(1, 40)}.${chance.between(10, 99)}`;
    const lines = [line(1, 'tea', '2', price), line(2, 'pot', '1', '9.99')];
    let body = receipt(program, `${till}-${nth}`, { card, till, lines });
    if (sold !== undefined && chance.chance(15)) {
      const [bought] = sold.lines;
      const original = { ...refOf(sold), ordinal: 1 };
      body = { ...body, lines: [line(1, 'tea', '-1', String(bought?.unitPrice), { original })] };
      sold = undefined;
    } else {
      sold = body;
    }
    const answer = await ask(journal, 'accrual', () =>
      shop.house.store('accrual', '/v1/receipts', { body }),
    );
    noteReceipt(journal, expected(answer, 200));
  };
};

/** Redemptions, some of them refunded, and holds that are captured, in part or whole, or released. */
const spendingWork = (shop: Shop, journal: Journal, chance: Random, spender: string) => {
  const post = async (path: string, key: string, body: object): Promise<Answer | undefined> => {
    const headers = { 'idempotency-key': key };
    const answer = await ask(journal, 'redemption', () =>
      shop.house.store('redemption', path, { body, headers }),
    );
    if (problemOf(answer) === 'insufficient-points') {
      journal.refused += 1;
      return undefined;
    }
    return expected(answer, 201);
  };
  return async (nth: number): Promise<void> => {
    const { account } = chance.pick(shop.people);
    const key = `${spender}-${nth}`;
    const order = { program, account, points: chance.between(2, 25), reference: key };
    if (chance.chance(30)) {
      await hold(journal, post, chance, key, order);
      return;
    }
    const done = await post('/v1/redemptions', key, order);
    if (done === undefined) return;
    const id = textAt(done.body, 'redemption');
    journal.acknowledged.push({ kind: 'redemption', id, points: order.points });
    if (!chance.chance(20)) return;
    const path = `/v1/redemptions/${program}/${id}/refunds`;
    if ((await post(path, `${key}-refund`, { reason: 'brought back' })) !== undefined)
      journal.acknowledged.push({ kind: 'refund', id, points: order.points });
  };
};

const hold = async (
  journal: Journal,
  post: (path: string, key: string, body: object) => Promise<Answer | undefined>,
  chance: Random,
  key: string,
  order: { readonly points: number },
): Promise<void> => {
  const placed = await post('/v1/holds', key, order);
  if (placed === undefined) return;
  const id = textAt(placed.body, 'hold');
  journal.acknowledged.push({ kind: 'hold', id, points: order.points });
  if (chance.chance(30)) {
    await post(`/v1/holds/${program}/${id}/releases`, `${key}-release`, {});
    journal.acknowledged.push({ kind: 'release', id, points: order.points });
    return;
  }
  const points = chance.between(1, order.points);
  const captured = await post(`/v1/holds/${program}/${id}/captures`, `${key}-capture`, { points });
  if (captured === undefined) throw new Error(`the capture of ${id} was refused`);
  const redemption = textAt(captured.body, 'redemption');
  journal.acknowledged.push({ kind: 'capture', id: redemption, points });
  if (points < order.points)
    journal.acknowledged.push({ kind: 'release', id, points: order.points - points });
};

const enrolling = (shop: Shop, journal: Journal) => async (nth: number) => {
  const body = { program, cards: [`98278${String(nth).padStart(8, '0')}`] };
  const headers = { 'idempotency-key': `enrol-${nth}` };
  const answer = await ask(journal, 'enrollment', () =>
    shop.house.manager('enrollment', '/v1/members', { body, headers }),
  );
  const id = textAt(expected(answer, 200, 201).body, 'member');
  journal.acknowledged.push({ kind: 'enrolment', id });
  await sleep(pauseMs.enrolling);
};

const partnerEvents = (shop: Shop, journal: Journal, chance: Random) => async (nth: number) => {
  const { card } = chance.pick(shop.people);
  const body = JSON.stringify({
    type: 'ticket-bought',
    occurredAt: '2026-05-04T19:30:00Z',
    card,
    amount: '12.60',
    currency: 'GBP',
  });
  const id = `ticket-${nth}`;
  const answer = await ask(journal, 'partners', () => {
    const when = new Date();
    return shop.house.stranger('partners', `/v1/partner-events/${program}/${partner}`, {
      body,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(when.getTime() / 1_000)),
        'webhook-signature': new Webhook(shop.secret).sign(id, when, body),
      },
    });
  });
  expected(answer, 202);
  journal.acknowledged.push({ kind: 'partner-event', id });
  await sleep(pauseMs.partners);
};

const reading = (shop: Shop, journal: Journal, chance: Random) => async () => {
  const { account } = chance.pick(shop.people);
  const answer = await ask(journal, 'reporting', () =>
    shop.house.manager('reporting', `/v1/accounts/${program}/${account}`),
  );
  if (numberAt(expected(answer, 200).body, 'unspent') < 0)
    journal.unexpected.push(`the balance of ${account} is below zero`);
  journal.reads += 1;
  await sleep(pauseMs.reading);
};
