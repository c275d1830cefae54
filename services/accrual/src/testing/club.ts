import { z } from 'zod';
import { contentHash, newEvent } from '@tallystick/event-store';
import {
  Points,
  accountId,
  factId,
  instant,
  ledgerStream,
  memberId,
  programId,
  systemClock,
  type AccountId,
  type Instant,
} from '@tallystick/kernel';
import { AccountCache, Accounts, readAccount, recording } from '@tallystick/accounts';
import {
  decideImport,
  valuation,
  type Account,
  type Lot,
  type LedgerEvent,
  type Valuation,
} from '@tallystick/ledger';
import { manager, type TestService } from '@tallystick/testing/service';
import { cardStream } from '@tallystick/receipts';
import { createCardTokens, type TokenClaims } from '@tallystick/service-host';

let clubs = 0;
/** Under the key of test deployments. */
const cardTokens = createCardTokens(Buffer.alloc(32, 1));

/** Two who may correct; the test calls as the first of them unless it says otherwise. */
export const maria: TokenClaims = manager;
export const paul: TokenClaims = { ...manager, sub: 'paul' };

const kept = z.looseObject({ program: z.string(), version: z.int(), hash: z.string() });

/** Takes a version all the way: maria writes and proposes it, paul approves it. Throws on a refusal. */
export const publish = async (
  { call }: Pick<TestService, 'call'>,
  document: string,
): Promise<void> => {
  const taken = async (path: string, as: TokenClaims, body: object): Promise<unknown> => {
    const answer = await call('POST', path, { as, body });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const { program, version, hash } = kept.parse(await taken('/v1/programs', maria, { document }));
  const steps = `/v1/programs/${program}/versions/${version}`;
  await taken(`${steps}/proposals`, maria, { hash });
  await taken(`${steps}/approvals`, paul, { hash });
};

/** A programme of its own in a service under test, with accounts as the test wants them. */
export const openClub = async (service: TestService, more: object = {}) => {
  clubs += 1;
  const program = programId(`club-${clubs}`);
  const document = JSON.stringify({
    ...{ rulebook: 1, program, version: 1, name: 'Club', effectiveFrom: '2020-01-01T00:00:00Z' },
    ...{ currency: 'GBP', timeZone: 'Europe/London' },
    earning: [{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' }],
    ...more,
  });
  await publish(service, document);
  const accounts = new Accounts({
    store: service.store,
    clock: systemClock,
    cache: new AccountCache(),
  });
  const metadataAt = (at: Instant) => ({
    ...{ program, occurredAt: at, recordedAt: at },
    ...{ actor: 'test', correlationId: 'test' },
  });
  let written = 0;

  /** Writes what a decider says of an account. */
  const post = async (
    name: string,
    decide: (
      account: Account,
      at: Instant,
    ) => { readonly kind: string; readonly event?: LedgerEvent },
  ): Promise<void> => {
    written += 1;
    const fact = factId('test', program, String(written));
    await accounts.run(program, accountId(name), {
      decide: (account, at) => {
        const { kind, event } = decide(account, at);
        if (event === undefined) {
          const refuse = (): void => {
            throw new Error(`it was not decided: ${kind}`);
          };
          return { kind: 'answer', answer: refuse };
        }
        const events = [recording(fact, 0, event, metadataAt(at))];
        return { kind: 'write', events, answer: () => () => undefined };
      },
    });
  };

  /** Imports points of given dates, once for a reference. */
  const give = (
    name: string,
    reference: string,
    lots: readonly (Partial<Lot> & { readonly points: Points.Points })[],
  ): Promise<void> =>
    post(name, (state, at) =>
      decideImport(
        state,
        {
          ...{ fact: factId('test', program, `lots-${reference}`), factHash: contentHash(lots) },
          ...{ system: 'test', reference, spend: {} },
          lots: lots.map((lot) => ({
            ...{ rule: 'test', kind: 'base' as const, funder: 'chain', qualifies: true },
            ...{ availableAt: instant('2020-01-01T00:00:00Z'), expiresAt: null },
            ...lot,
          })),
        },
        at,
      ),
    );

  return {
    program,
    post,
    give,
    /** Opens an account, with points of given dates. */
    open: async (
      name: string,
      lots: readonly (Partial<Lot> & { readonly points: Points.Points })[] = [],
    ): Promise<AccountId> => {
      const account = accountId(name);
      const data = { program, account, member: memberId(`m-${name}`), unit: 'points' };
      const opened = newEvent(
        factId('account', program, account),
        0,
        { type: 'AccountOpened', data },
        metadataAt(systemClock()),
      );
      await service.store.append([
        { stream: ledgerStream(program, account), expected: 'noStream', events: [opened] },
      ]);
      if (lots.length > 0) await give(name, name, lots);
      return account;
    },
    /** Attaches a card to an account, as membership does. */
    attach: async (card: string, name: string): Promise<void> => {
      const token = cardTokens.tokenOf(program, card);
      const from = instant('2020-01-01T00:00:00Z');
      const data = { program, card: token, account: name, member: `m-${name}`, from };
      const fact = factId('card', program, token);
      const event = newEvent(fact, 0, { type: 'CardAttached', data }, metadataAt(systemClock()));
      const stream = cardStream(program, token);
      // Receipts may wait for it already.
      const last = (await service.store.readStreams([stream])).get(stream)?.at(-1);
      const expected = last?.revision ?? 'noStream';
      await service.store.append([{ stream, expected, events: [event] }]);
    },
    /** Lets an account owe points, as a return of points that were spent does. */
    owe: (name: string, owed: number): Promise<void> =>
      post(name, (_, at) => {
        const points = Points.points(owed);
        const fact = factId('test', program, `return-${name}`);
        const data = {
          ...{ fact, factRevision: 1, factHash: 'h', occurredAt: at, cause: 'return' as const },
          ...{ points, reversals: [], unmatched: [], taken: [], arrearsRaised: points },
          funders: { chain: points },
        };
        return { kind: 'returned', event: { type: 'EarnReversed', data } };
      }),
    events: async (name: string) => {
      const stream = ledgerStream(program, accountId(name));
      return (await service.store.readStreams([stream])).get(stream) ?? [];
    },
    state: async (name: string): Promise<Account> =>
      (await readAccount(service.store, program, accountId(name))).state,
    value: async (name: string): Promise<Valuation> =>
      valuation((await readAccount(service.store, program, accountId(name))).state, systemClock()),
  };
};
export type Club = Awaited<ReturnType<typeof openClub>>;
