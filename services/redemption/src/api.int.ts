import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  describedOperations,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { startRedemption } from './testing/start-redemption.js';

let deployment: Deployment;
let service: TestService;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startRedemption(deployment);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

it('the API describes itself: every operation, who may call it, and what it answers', async () => {
  expect(await describedOperations(service)).toEqual([
    'get /dead-letters/redemption: ops',
    'get /dead-letters/redemption/{topic}/{partition}/{offset}: ops',
    'post /dead-letters/redemption/{topic}/{partition}/{offset}/retries: ops',
    'post /dead-letters/redemption/{topic}/{partition}/{offset}/drops: ops',
    'post /v1/redemptions/quote: store, manager, member',
    'post /v1/redemptions: store, manager, member',
    'get /v1/redemptions/{program}/{redemption}: store, manager, member',
    'post /v1/redemptions/{program}/{redemption}/refunds: store, manager',
    'post /v1/holds: store, manager, member',
    'get /v1/holds/{program}: store, manager, member',
    'get /v1/holds/{program}/{hold}: store, manager, member',
    'post /v1/holds/{program}/{hold}/captures: store, manager',
    'post /v1/holds/{program}/{hold}/releases: store, manager, member',
    'post /v1/transfers: member',
    'get /v1/transfers/{program}/{transfer}: member, manager',
    'post /v1/transfer-requests: manager',
    'get /v1/transfer-requests: manager, auditor',
    'get /v1/transfer-requests/{program}/{transfer}: manager, auditor',
    'post /v1/transfer-requests/{program}/{transfer}/approvals: manager',
    'post /v1/transfer-requests/{program}/{transfer}/rejections: manager',
    'post /v1/certificate-uses: store, manager',
    'post /v1/certificate-uses/{program}/{use}/cancellations: store, manager',
  ]);
});
