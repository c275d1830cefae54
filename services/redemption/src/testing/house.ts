import { instantOfEpochMs, programId, type Clock } from '@tallystick/kernel';
import { createCardTokens, type TokenClaims } from '@tallystick/service-host';
import {
  testDeployment,
  type Deployment,
  type Response,
  type TestService,
} from '@tallystick/testing/service';
import { Club, program } from './club.js';
import { startRedemption } from './start-redemption.js';

export const store: TokenClaims = { sub: 'till-7', roles: ['store'], programs: [program] };
export const memberOf = (account: string): TokenClaims => ({
  ...{ sub: `member-of-${account}`, roles: ['member'], programs: [program] },
  ...{ member: `m-${account}`, account },
});

/** A deployment with two processes of redemption, a clock that can be moved, and those who write what redemption spends. */
export interface House {
  readonly deployment: Deployment;
  readonly service: TestService;
  readonly neighbour: TestService;
  readonly club: Club;
  readonly clock: Clock;
  /** Time goes by. */
  readonly pass: (ms: number) => void;
  readonly tokenOf: (card: string) => ReturnType<ReturnType<typeof createCardTokens>['tokenOf']>;
  readonly close: () => Promise<void>;
}

export const openHouse = async (): Promise<House> => {
  const deployment = await testDeployment();
  let aheadMs = 0;
  const clock: Clock = () => instantOfEpochMs(Date.now() + aheadMs);
  const service = await startRedemption(deployment, { clock });
  const neighbour = await startRedemption(deployment, { clock });
  const club = new Club(service.store, clock);
  await club.publish(1);
  await service.caughtUp();
  const tokens = createCardTokens(Buffer.alloc(32, 1));
  return {
    ...{ deployment, service, neighbour, club, clock },
    pass: (ms) => {
      aheadMs += ms;
    },
    tokenOf: (card) => tokens.tokenOf(programId(program), card),
    close: async () => {
      await neighbour.close();
      await service.close();
      await deployment.drop();
    },
  };
};

/** What a refusal comes to, for comparing. */
export const refusal = ({ status, problem }: Response) => [status, problem] as const;
