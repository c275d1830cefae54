import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newEvent } from '@tallystick/event-store';
import { factId, instant, streamName, type Instant } from '@tallystick/kernel';
import { createCardTokens, type TokenClaims } from '@tallystick/service-host';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { maria, openClub, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';

const tokens = createCardTokens(Buffer.alloc(32, 1));
const till: TokenClaims = { ...maria, roles: ['store'], chains: ['*'], stores: ['*'] };
const [march, may, july] = ['2026-03-01', '2026-05-01', '2026-07-01'].map((day) =>
  instant(`${day}T00:00:00Z`),
) as [Instant, Instant, Instant];

let deployment: Deployment;
let service: TestService;
let club: Club;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  club = await openClub(service);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

/** Appends what enrollment tells of a member, and waits until accrual has heard it. */
const tell = async (
  member: string,
  after: 'noStream' | number,
  ...events: readonly { readonly type: string; readonly data: object }[]
): Promise<void> => {
  const { program } = club;
  const at = instant('2026-01-01T00:00:00Z');
  const metadata = {
    ...{ program, occurredAt: at, recordedAt: at, actor: 'test', correlationId: 'test' },
  };
  const first = after === 'noStream' ? 0 : after + 1;
  await service.store.append([
    {
      stream: streamName('member', program, member),
      expected: after,
      events: events.map(({ type, data }, index) => {
        const of = factId('test', program, member, String(first + index));
        return newEvent(of, 0, { type, data: { program, member, ...data } }, metadata);
      }),
    },
  ]);
  await service.caughtUp();
};
const enrolled = (account: string, more: object = {}) => ({
  type: 'MemberEnrolled',
  data: { account, ...more },
});
const linked = (account: string, card: string, from: Instant) => ({
  type: 'CardLinked',
  data: { account, card: tokens.tokenOf(club.program, card), from },
});
const unlinked = (account: string, card: string, from: Instant, until: Instant) => ({
  type: 'CardUnlinked',
  data: { account, card: tokens.tokenOf(club.program, card), from, until },
});
const sell = async (number: string, card: string, day: string) => {
  const { body } = await service.call('POST', '/v1/receipts', {
    as: till,
    body: {
      ...{ program: club.program, chain: 'c', store: 's', till: 't', number, card },
      ...{ businessDate: day, occurredAt: `${day}T12:00:00Z`, currency: 'GBP' },
      lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '10.00' }],
    },
  });
  return body;
};

describe('a card that leaves an account', () => {
  it('a late receipt goes to the account that the card led to at the time of the sale', async () => {
    await tell('ann', 'noStream', enrolled('ann'), linked('ann', '100', march));
    expect(await sell('1', '100', '2026-04-01')).toMatchObject({ account: 'ann', earned: 10 });
    await tell('ann', 1, unlinked('ann', '100', march, may));
    expect(await sell('2', '100', '2026-04-02')).toMatchObject({ account: 'ann', earned: 10 });
    expect(await sell('3', '100', '2026-05-05')).toMatchObject({
      ...{ outcome: 'waiting', reason: 'card-unknown' },
    });
    await tell('bob', 'noStream', enrolled('bob'), linked('bob', '100', july));
    expect(await sell('4', '100', '2026-07-05')).toMatchObject({ account: 'bob', earned: 10 });
    expect(await sell('5', '100', '2026-04-03')).toMatchObject({ account: 'ann', earned: 10 });
    // Nobody's card was used: not the next owner's receipt.
    expect(await sell('3', '100', '2026-05-05')).toMatchObject({ outcome: 'waiting' });
    expect([await club.value('ann'), await club.value('bob')]).toMatchObject([
      { available: 30 },
      { available: 10 },
    ]);
  });

  it('comes, goes and comes again at once: each of its days is kept, and what waited for it is settled once', async () => {
    expect(await sell('20', '102', '2026-07-05')).toMatchObject({ outcome: 'waiting' });
    const came = [enrolled('eve'), linked('eve', '102', march)];
    await tell(
      'eve',
      'noStream',
      ...came,
      unlinked('eve', '102', march, may),
      linked('eve', '102', july),
    );
    expect(await club.value('eve')).toMatchObject({ available: 10 });
    expect(await sell('20', '102', '2026-07-05')).toMatchObject({ account: 'eve', earned: 10 });
    expect(await sell('21', '102', '2026-04-01')).toMatchObject({ account: 'eve', earned: 10 });
    expect(await sell('22', '102', '2026-06-01')).toMatchObject({ outcome: 'waiting' });
    // Told once more, with what comes after it.
    await tell('eve', 3, ...came, linked('eve', '103', march));
    expect(await sell('23', '103', '2026-04-01')).toMatchObject({ account: 'eve', earned: 10 });
    expect(await club.value('eve')).toMatchObject({ available: 30 });
  });

  it('a return of a sale from then goes to the account of the sale, whoever has the card', async () => {
    const { body } = await service.call('POST', '/v1/receipts', {
      as: till,
      body: {
        ...{ program: club.program, chain: 'c', store: 's', till: 't', number: '6', card: '100' },
        ...{ businessDate: '2026-07-06', occurredAt: '2026-07-06T12:00:00Z', currency: 'GBP' },
        lines: [
          {
            ...{ ordinal: 1, product: 'tea', quantity: '-1', unitPrice: '10.00' },
            original: {
              ...{ chain: 'c', store: 's', till: 't', number: '1', businessDate: '2026-04-01' },
              ordinal: 1,
            },
          },
        ],
      },
    });
    expect(body).toMatchObject({ account: 'ann', reversed: 10 });
  });
});

describe('a second member in an account', () => {
  it('earns on the account of the first, whichever of them is heard of first', async () => {
    const shared = enrolled('home', { shared: true });
    await tell('son', 'noStream', shared, linked('home', '201', march));
    await tell('mother', 'noStream', enrolled('home'), linked('home', '200', march));
    expect(await sell('10', '200', '2026-04-01')).toMatchObject({ account: 'home', earned: 10 });
    expect(await sell('11', '201', '2026-04-01')).toMatchObject({ account: 'home', earned: 10 });
    expect(await club.value('home')).toMatchObject({ available: 20 });
  });
});
