import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Accounts, isOwn, withSuccessors } from '@tallystick/accounts';
import { day, printable, printableRule, receiptOutcome } from '@tallystick/contracts';
import {
  Exact,
  accountId,
  localDate,
  programId,
  type AccountId,
  type Clock,
  type ProgramId,
} from '@tallystick/kernel';
import { receiptFactId } from '@tallystick/receipts';
import {
  Allow,
  answer,
  CallerParam,
  CARD_TOKENS,
  CLOCK,
  ContextParam,
  hasRole,
  mayProgram,
  mayStore,
  metadata,
  problem,
  type Caller,
  type CardTokens,
  type RequestContext,
} from '@tallystick/service-host';
import { accountsOfCards } from '../accounts/card-owners.js';
import { accountUnknown, cardUnknown } from '../corrections/problems.js';
import { Memory } from '../settle/memory.js';
import { Settler } from '../settle/settler.js';
import { receiptOutcomeOf } from '../receipts/submit-receipts.js';
import { claimReceipt, type ClaimAnswer } from './claim-receipt.js';

const code = z.string().min(1).max(100).regex(printable, printableRule);

class ClaimRequestBody extends createZodDto(
  z.strictObject({
    program: code,
    chain: code,
    store: code,
    till: code,
    number: code,
    businessDate: day,
    total: z
      .string()
      .refine(Exact.isDecimal, 'must be a decimal such as "12.50"')
      .optional()
      .describe(
        'What it comes to, as printed on it: a member proves by it that it has the receipt',
      ),
    account: code
      .optional()
      .describe(
        'Whose it is to be: this, or a card. A member claims for its own account, and need name neither',
      ),
    card: z
      .string()
      .trim()
      .pipe(code)
      .optional()
      .describe('A card that leads to the account now, instead of it'),
  }),
) {}
class Outcome extends createZodDto(receiptOutcome) {}

@ApiTags('receipts')
@Controller('/v1/receipts')
export class ClaimsController {
  constructor(
    @Inject(Memory) readonly memory: Memory,
    @Inject(Settler) readonly settler: Settler,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(CARD_TOKENS) private readonly tokens: CardTokens,
  ) {}

  @Post('/claims')
  @HttpCode(200)
  @Allow('member', 'manager')
  @ApiOperation({
    summary: 'Claims a receipt without a card for an account, by the number that is printed on it',
    description:
      'It earns by the rulebook that was in force at the time of the sale. One account only: of two who claim it, the first. The same claim again is answered as before; no Idempotency-Key is needed. A member needs the total of the receipt.',
  })
  @ApiOkResponse({ type: Outcome })
  @ApiResponse({ status: 404, description: 'receipt-unknown, account-unknown, card-unknown' })
  @ApiResponse({
    status: 409,
    description: 'receipt-has-card, receipt-claimed, receipt-not-claimable, claim-too-late',
  })
  async claim(
    @Body() body: ClaimRequestBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program: named, account: wanted, card, total, businessDate, ...ref } = body;
    mayProgram(caller, named);
    const program = programId(named);
    const account = await this.accountOf(caller, program, { account: wanted, card });
    if (hasRole(caller, 'manager')) mayStore(caller, ref);
    else if (total === undefined) throw missing('total');
    const claimed = await claimReceipt(
      this,
      {
        receipt: receiptFactId(program, { ...ref, businessDate: localDate(businessDate) }),
        account,
        total: total ?? null,
      },
      (occurredAt) => metadata(context, { program, occurredAt }, this.clock),
    );
    if (claimed.kind !== 'claimed') throw refusal(claimed, account);
    return answer(receiptOutcomeOf(claimed.fact, claimed.outcome), { position: claimed.position });
  }

  /** A manager names the account, or a card of it; a member has one. */
  private async accountOf(
    caller: Caller,
    program: ProgramId,
    { account, card }: Pick<ClaimRequestBody, 'account' | 'card'>,
  ): Promise<AccountId> {
    if (account !== undefined && card !== undefined)
      throw invalid('card', 'give either account or card');
    const wanted = card === undefined ? account : await this.accountOfCard(program, card);
    if (hasRole(caller, 'manager')) {
      if (wanted === undefined) throw missing('account');
      if (wanted === null) throw cardUnknown();
      return accountId(wanted);
    }
    const mine = caller.account;
    const these =
      wanted === undefined || wanted === null ? [] : await this.leadsTo(program, wanted, card);
    const isMine = wanted === undefined || (await isOwn(this.accounts, program, mine, these));
    if (mine === undefined || !isMine)
      throw problem({
        status: 403,
        type: 'forbidden',
        title: 'Your token does not allow this',
        detail: 'A member claims receipts for its own account.',
      });
    return these[0] ?? accountId(mine);
  }

  /** A card leads to what its account became part of, too. */
  private async leadsTo(
    program: ProgramId,
    account: string,
    card: string | undefined,
  ): Promise<readonly AccountId[]> {
    const named = accountId(account);
    return card === undefined ? [named] : await withSuccessors(this.accounts, program, named);
  }

  /** null: it leads to nobody. */
  private async accountOfCard(program: ProgramId, card: string): Promise<AccountId | null> {
    const token = this.tokens.tokenOf(program, card);
    const { store } = this.memory;
    return (await accountsOfCards(store, program, [token], this.clock())).get(token) ?? null;
  }
}

const missing = (field: string) => invalid(field, 'is needed here');

const invalid = (field: string, message: string) =>
  problem({
    status: 400,
    type: 'validation',
    title: 'The request is not valid',
    errors: [{ field, message }],
  });

const refusal = (
  claimed: Exclude<ClaimAnswer, { kind: 'claimed' }>,
  account: ReturnType<typeof accountId>,
) => {
  switch (claimed.kind) {
    case 'receipt-unknown':
      return problem({
        status: 404,
        type: 'receipt-unknown',
        title: 'This receipt has not come',
        detail:
          'Check chain, store, till, number, business date and total. A till may send its receipts later.',
      });
    case 'account-unknown':
      return accountUnknown(account);
    case 'has-card':
      return conflict(
        'receipt-has-card',
        'A card was shown with this receipt: it goes where that leads',
      );
    case 'claimed-by-another':
      return conflict('receipt-claimed', 'Another account has claimed this receipt');
    case 'not-claimable':
      return conflict('receipt-not-claimable', 'This receipt cannot be claimed', claimed.reason);
    case 'too-late':
      return conflict(
        'claim-too-late',
        'This receipt is too old to be claimed',
        `The programme lets receipts of the last ${claimed.windowDays} days be claimed.`,
      );
  }
};

const conflict = (type: string, title: string, detail?: string) =>
  problem({ status: 409, type, title, ...(detail === undefined ? {} : { detail }) });
