import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceiptV1Input } from '@tallystick/contracts';
import { createPostgresMessageBus, type MessageBus } from '@tallystick/message-bus';
import type { LocalSystem } from '../../index.js';
import {
  at,
  clientOf,
  everywhere,
  expected,
  publishVersion,
  textAt,
  type Answer,
  type Client,
  type Reachable,
} from '../tools/client.js';
import type { Kept } from '../tools/store.js';

/** A system that runs, and everybody who has business with it. */
export interface House extends Kept {
  readonly system: Reachable;
  /** The address in front of all services. */
  readonly frontDoor: string;
  /** The bus that the services use. */
  openBus(): MessageBus;
  readonly manager: Client;
  readonly store: Client;
  readonly auditor: Client;
  readonly ops: Client;
  readonly stranger: Client;
  member(of: { readonly member: string; readonly account: string }): Promise<Client>;
  partner(program: string, partner: string): Promise<Client>;
}

/** A text is the URL of the system's database, in which its events are too. A system that opens no bus has it there as well. */
export const houseOf = async (
  system: Reachable & Pick<LocalSystem, 'url'> & Partial<Pick<LocalSystem, 'openBus'>>,
  kept: string | Kept,
): Promise<House> => ({
  ...(typeof kept === 'string' ? { databaseUrl: kept } : kept),
  system,
  frontDoor: system.url,
  openBus: () =>
    system.openBus?.('tallystick-till') ??
    createPostgresMessageBus({ url: typeof kept === 'string' ? kept : kept.databaseUrl }),
  manager: await clientOf(system, { sub: 'head-office', roles: ['manager'], ...everywhere }),
  store: await clientOf(system, { sub: 'till-1', roles: ['store'], ...everywhere }),
  auditor: await clientOf(system, { sub: 'auditor', roles: ['auditor'], ...everywhere }),
  ops: await clientOf(system, { sub: 'ops', roles: ['ops'], ...everywhere }),
  stranger: await clientOf(system, null),
  member: ({ member, account }) =>
    clientOf(system, { sub: member, roles: ['member'], programs: ['*'], member, account }),
  partner: (program, partner) =>
    clientOf(system, { sub: partner, roles: ['partner'], programs: [program], partner }),
});

/** A rulebook that takes one point a pound; JSON is YAML too. */
export const rulebook = (program: string, more: object = {}): string =>
  JSON.stringify({
    rulebook: 1,
    program,
    version: 1,
    name: `Programme ${program}`,
    effectiveFrom: '2025-01-01T00:00:00Z',
    currency: 'GBP',
    timeZone: 'Europe/London',
    earning: [{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' }],
    exclusions: { categories: ['tobacco'] },
    redemption: { points: 100, value: '1.00' },
    ...more,
  });

/** Publishes a programme; answers from which position of the store on it can be used everywhere. */
export const publish = async (
  house: House,
  program: string,
  more: object = {},
): Promise<string> => {
  const answer = await publishVersion(house.system, rulebook(program, more));
  return textAt(expected(answer, 201).body, 'position');
};

export interface Member {
  readonly member: string;
  readonly account: string;
  /** Of the first card. */
  readonly token: string;
  readonly position: string;
}

export const enrol = async (
  house: House,
  program: string,
  cards: readonly string[],
  after?: string,
): Promise<Member> => {
  const answer = await retried(() =>
    house.manager('enrollment', '/v1/members', {
      body: { program, cards },
      headers: { 'idempotency-key': `enrol-${cards.join('-')}` },
      after,
    }),
  );
  const { body } = expected(answer, 201);
  return {
    member: textAt(body, 'member'),
    account: textAt(body, 'account'),
    token: textAt(body, 'cards', 0, 'token'),
    position: textAt(body, 'position'),
  };
};

const enrolMax = 1_000;

/** Enrols a member for each card, many by one request; answers their accounts, in the order of the cards. */
export const enrolMany = async (
  house: House,
  program: string,
  cards: readonly string[],
  after: string,
): Promise<{ readonly accounts: readonly string[]; readonly position: string }> => {
  const accounts: string[] = [];
  let position = after;
  for (let from = 0; from < cards.length; from += enrolMax) {
    const items = cards.slice(from, from + enrolMax).map((card) => ({
      ...{ key: `enrol-${card}`, cards: [card], from: '2025-01-01T00:00:00Z' },
    }));
    const answer = await retried(() =>
      house.manager('enrollment', '/v1/members/batch', {
        ...{ body: { program, items }, after: position },
      }),
    );
    const { body } = expected(answer, 200);
    accounts.push(...items.map((_, index) => textAt(body, 'items', index, 'account')));
    position = textAt(body, 'position');
  }
  return { accounts, position };
};

/** A receipt of one line of 12.99 without a card, unless it is said otherwise. */
export const receipt = (
  program: string,
  number: string,
  more: Partial<ReceiptV1Input> = {},
): ReceiptV1Input => ({
  program,
  chain: 'acme',
  store: '12',
  till: '3',
  number,
  businessDate: (more.occurredAt ?? '2026-05-04').slice(0, 10),
  occurredAt: '2026-05-04T10:00:00+01:00',
  currency: 'GBP',
  lines: [line(1, 'tea', '1', '12.99')],
  ...more,
});

export const line = (
  ordinal: number,
  product: string,
  quantity: string,
  unitPrice: string,
  more: Partial<ReceiptV1Input['lines'][number]> = {},
): ReceiptV1Input['lines'][number] => ({ ordinal, product, quantity, unitPrice, ...more });

/** What names a receipt, for a return of it. */
export const refOf = ({ chain, store, till, number, businessDate }: ReceiptV1Input) => ({
  chain,
  store,
  till,
  number,
  businessDate,
});

export const submit = async (house: House, body: unknown, after?: string): Promise<Answer> =>
  await house.store('accrual', '/v1/receipts', { body, after });

export const whatBecameOf = async (house: House, sent: ReceiptV1Input): Promise<Answer> => {
  const name = new URLSearchParams({ program: sent.program, ...refOf(sent) });
  return await house.store('accrual', `/v1/receipts?${name.toString()}`);
};

export const balance = async (
  house: House,
  program: string,
  account: string,
  after?: string,
): Promise<unknown> => {
  const path = `/v1/accounts/${program}/${account}`;
  return expected(await retried(() => house.manager('reporting', path, { after })), 200).body;
};

/** Points that can be spent now. */
export const available = async (
  house: House,
  program: string,
  account: string,
  after?: string,
): Promise<unknown> => at(await balance(house, program, account, after), 'available');

const tries = 6;

/** A busy machine may need more than one `Tallystick-After` to catch up. */
export const retried = async (ask: () => Promise<Answer>): Promise<Answer> => {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask();
    if (answer.status !== 503 || attempt === tries) return answer;
    await sleep(1_000);
  }
};
