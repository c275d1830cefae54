import { expect, it } from '@jest/globals';
import { describedBy } from '@tallystick/testing/service';
import { startAccrual } from './testing/start-accrual.js';

it('the API describes itself: every operation, who may call it, and what it answers', async () => {
  expect((await describedBy(startAccrual)).toSorted()).toEqual([
    'get /dead-letters/accrual/{topic}/{partition}/{offset}: ops',
    'get /dead-letters/accrual: ops',
    'get /v1/adjustments/{program}/{adjustment}: manager, auditor',
    'get /v1/adjustments: manager, auditor',
    'get /v1/closings/{program}/{through}: manager, auditor',
    'get /v1/partner-awards/explanation: manager, auditor, partner',
    'get /v1/programs/schema: anyone',
    'get /v1/programs/{program}/budgets: manager, auditor',
    'get /v1/programs/{program}/memberships/{account}: member, store, manager, auditor',
    'get /v1/programs/{program}/versions/{version}: manager, store, auditor, ops',
    'get /v1/programs/{program}: manager, store, auditor, ops',
    'get /v1/receipts/explanation: store, manager, auditor',
    'get /v1/receipts: store, manager, auditor',
    'get /v1/reratings/{program}/{rerating}: manager, auditor',
    'get /v1/reratings: manager, auditor',
    'post /dead-letters/accrual/{topic}/{partition}/{offset}/drops: ops',
    'post /dead-letters/accrual/{topic}/{partition}/{offset}/retries: ops',
    'post /v1/adjustments/{program}/{adjustment}/approvals: manager',
    'post /v1/adjustments/{program}/{adjustment}/rejections: manager',
    'post /v1/adjustments: manager',
    'post /v1/closings: manager',
    'post /v1/merges: manager',
    'post /v1/opening-balances/batch: manager',
    'post /v1/programs/{program}/versions/{version}/approvals: manager',
    'post /v1/programs/{program}/versions/{version}/proposals: manager',
    'post /v1/programs/{program}/versions/{version}/withdrawals: manager',
    'post /v1/programs: manager',
    'post /v1/receipts/batch: store, manager',
    'post /v1/receipts/calculate: store, manager',
    'post /v1/receipts/claims: member, manager',
    'post /v1/receipts: store, manager',
    'post /v1/reratings/{program}/{rerating}/approvals: manager',
    'post /v1/reratings/{program}/{rerating}/rejections: manager',
    'post /v1/reratings: manager',
  ]);
});
