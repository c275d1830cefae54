import { expect, it } from '@jest/globals';
import { describedBy } from '@tallystick/testing/service';
import { startPartners } from './testing/start-partners.js';

it('the API describes itself: every operation, who may call it, and what it answers', async () => {
  expect(await describedBy(startPartners)).toEqual([
    'get /dead-letters/partners: ops',
    'get /dead-letters/partners/{topic}/{partition}/{offset}: ops',
    'post /dead-letters/partners/{topic}/{partition}/{offset}/retries: ops',
    'post /dead-letters/partners/{topic}/{partition}/{offset}/drops: ops',
    'post /v1/partners: manager',
    'get /v1/partners/{program}/{partner}: manager, partner',
    'post /v1/partners/{program}/{partner}/keys: manager',
    'post /v1/partners/{program}/{partner}/keys/{keyId}/revoke: manager',
    'post /v1/partner-events/{program}/{partner}: anyone',
    'get /v1/partner-events/{program}/{partner}/{event}: manager, partner',
  ]);
});
