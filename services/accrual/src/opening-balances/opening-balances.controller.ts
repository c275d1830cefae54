import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Accounts } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import {
  Allow,
  answer,
  CallerParam,
  CARD_TOKENS,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  type Caller,
  type CardTokens,
  type RequestContext,
} from '@tallystick/service-host';
import { programUnknown } from '../corrections/problems.js';
import { acting } from '../programs/acting.js';
import { Catalog, rulebookAt } from '../programs/catalog.js';
import { BalanceBatch, BalanceBatchAnswer } from './balance-form.js';
import { importBalances } from './import-balances.js';

/** Balances that another system kept until now. */
@ApiTags('opening balances')
@Controller('/v1/opening-balances')
export class OpeningBalancesController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(CARD_TOKENS) readonly tokens: CardTokens,
  ) {}

  @Post('/batch')
  @HttpCode(200)
  @Allow('manager')
  @ApiOperation({
    summary: 'Takes over up to 1,000 balances of another system; answers per item, in order',
    description:
      'Each balance is imported once for its system and reference, however often it is sent: no Idempotency-Key is needed. The same reference with other content is refused. An item is `{account | card, reference, lots: [{points, availableAt?, expiresAt?, funder?, kind?, qualifies?}], spend?: {<year>: <minor units>}}`. Each is taken or refused by itself; the problems of an item: card-unknown, account-unknown (404), account-merged, reference-taken (409), opening-balance-invalid (422).',
  })
  @ApiOkResponse({ type: BalanceBatchAnswer })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async importBatch(
    @Body() body: BalanceBatch,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, metadata } = acting(this.clock, body.program, caller, context);
    const published = await this.catalog.read(program);
    if (published === null) throw programUnknown(program);
    const at = metadata.occurredAt;
    const rulebook = rulebookAt(published, at);
    const policy = rulebook === null ? undefined : arrearsPolicyOf(rulebook.book);
    const { items, position } = await importBalances(
      this,
      { program, system: body.system, at, policy },
      body.items,
      metadata,
    );
    return answer({ items: [...items] }, { position });
  }
}
