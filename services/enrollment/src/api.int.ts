import { expect, it } from '@jest/globals';
import { describedBy } from '@tallystick/testing/service';
import { startEnrollment } from './testing/start-enrollment.js';

it('the API describes itself: every operation, who may call it, and what it answers', async () => {
  expect(await describedBy(startEnrollment)).toEqual([
    'get /dead-letters/enrollment: ops',
    'get /dead-letters/enrollment/{topic}/{partition}/{offset}: ops',
    'post /dead-letters/enrollment/{topic}/{partition}/{offset}/retries: ops',
    'post /dead-letters/enrollment/{topic}/{partition}/{offset}/drops: ops',
    'post /v1/members: manager, store',
    'post /v1/members/batch: manager, store',
    'post /v1/members/{program}/{member}/cards: manager, store',
    'post /v1/members/{program}/{member}/cards/unlinkings: manager, member',
    'get /v1/members/{program}/{member}: manager, member',
    'post /v1/cards/lookup: manager, store',
    'post /v1/members/{program}/{member}/attributes: manager',
    'get /v1/members/{program}/{member}/attributes: manager, auditor',
    'put /v1/members/{program}/{member}/birthday: manager',
    'delete /v1/members/{program}/{member}/birthday: manager, member',
    'get /v1/members/{program}/{member}/birthday: manager, auditor',
    'post /v1/members/birthday-windows: service',
  ]);
});
