import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import {
  day,
  receiptBatchAnswer,
  receiptBatchMax,
  receiptExplanation,
  receiptOutcome,
  receiptV1,
  type ReceiptBatchAnswer,
} from '@tallystick/contracts';
import { localDate, programId, type Clock } from '@tallystick/kernel';
import { receiptFactId } from '@tallystick/receipts';
import {
  Allow,
  answer,
  CallerParam,
  CARD_TOKENS,
  CLOCK,
  ContextParam,
  mayProgram,
  mayStore,
  problem,
  type Caller,
  LOG,
  type CardTokens,
  type Log,
  TELEMETRY,
  type RequestContext,
} from '@tallystick/service-host';
import type { Telemetry } from '@tallystick/telemetry';
import { IntakeQueue } from '../settle/intake-queue.js';
import { Memory } from '../settle/memory.js';
import { Settler } from '../settle/settler.js';
import { explainFact } from '../explain/explain-fact.js';
import { receiptOutcomeOf, submitReceipts, type Submission } from './submit-receipts.js';

class Receipt extends createZodDto(receiptV1) {}
class Explanation extends createZodDto(receiptExplanation) {}
class Outcome extends createZodDto(receiptOutcome) {}
class BatchAnswer extends createZodDto(receiptBatchAnswer) {}
/** Each receipt is checked by itself: one that is wrong does not hold up the others. */
class Batch extends createZodDto(
  z.strictObject({ receipts: z.array(z.unknown()).min(1).max(receiptBatchMax) }),
) {}
class ReceiptName extends createZodDto(
  z.strictObject({
    program: z.string().min(1),
    chain: z.string().min(1),
    store: z.string().min(1),
    till: z.string().min(1),
    number: z.string().min(1),
    businessDate: day,
  }),
) {}

@ApiTags('receipts')
@Controller('/v1/receipts')
export class ReceiptsController {
  constructor(
    @Inject(IntakeQueue) readonly queue: IntakeQueue,
    @Inject(Settler) readonly settler: Settler,
    @Inject(Memory) readonly memory: Memory,
    @Inject(CARD_TOKENS) readonly tokens: CardTokens,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(LOG) readonly log: Log,
    @Inject(TELEMETRY) readonly telemetry: Telemetry | null,
  ) {}

  @Post()
  @HttpCode(200)
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'Takes one receipt; the same receipt again is answered as before',
    description:
      'Its identity is chain, store, till, number and business date. No Idempotency-Key is needed.',
  })
  @ApiBody({ type: Receipt })
  @ApiOkResponse({ type: Outcome })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  @ApiResponse({ status: 422, description: 'receipt-invalid, receipt-too-large' })
  async submit(
    @Body() body: unknown,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const [submission] = await submitReceipts(this, [body], context, caller);
    if (submission === undefined) throw new Error('a receipt was not answered');
    if (submission.kind === 'problem') throw submission.problem;
    return answer(submission.outcome, { position: submission.position });
  }

  @Post('/batch')
  @HttpCode(200)
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'Takes up to 1,000 receipts; answers per item, in order',
    description: 'The problems of an item are those of a single receipt.',
  })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['receipts'],
      properties: {
        receipts: {
          type: 'array',
          minItems: 1,
          maxItems: receiptBatchMax,
          items: { $ref: '#/components/schemas/Receipt' },
        },
      },
    },
  })
  @ApiOkResponse({ type: BatchAnswer })
  async submitBatch(
    @Body() body: Batch,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const submissions = await submitReceipts(this, body.receipts, context, caller);
    let position = 0n;
    for (const submission of submissions) {
      if (submission.kind === 'outcome' && submission.position > position)
        position = submission.position;
    }
    const items: ReceiptBatchAnswer = { items: submissions.map(itemOf) };
    return answer(items, { position });
  }

  @Get()
  @Allow('store', 'manager', 'auditor')
  @ApiOperation({ summary: 'What became of a receipt' })
  @ApiOkResponse({ type: Outcome })
  @ApiResponse({ status: 404, description: 'receipt-unknown' })
  async find(@Query() name: ReceiptName, @CallerParam() caller: Caller) {
    const found = await this.settler.find(idOf(name, caller));
    if (found === null) throw receiptUnknown();
    return receiptOutcomeOf(found.fact, { ...found.outcome, known: true });
  }

  @Get('/explanation')
  @Allow('store', 'manager', 'auditor')
  @ApiOperation({
    summary: 'Why a receipt earned what it earned, line by line and rule by rule',
    description:
      'Made again from the receipt, the rulebook and what was stored with the award; `proven` says that it is the explanation that was made then.',
  })
  @ApiOkResponse({ type: Explanation })
  @ApiResponse({ status: 404, description: 'receipt-unknown' })
  async explain(@Query() name: ReceiptName, @CallerParam() caller: Caller) {
    const receipt = idOf(name, caller);
    const found = await explainFact(this.memory, receipt);
    if (found === null) throw receiptUnknown();
    return { receipt, ...found };
  }
}

const idOf = (name: ReceiptName, caller: Caller) => {
  mayProgram(caller, name.program);
  mayStore(caller, name);
  const { program, businessDate, ...ref } = name;
  return receiptFactId(programId(program), { ...ref, businessDate: localDate(businessDate) });
};

const receiptUnknown = () =>
  problem({
    status: 404,
    type: 'receipt-unknown',
    title: 'This receipt has not come',
    detail: 'Check chain, store, till, number and business date, or send the receipt.',
  });

const itemOf = (submission: Submission): ReceiptBatchAnswer['items'][number] =>
  submission.kind === 'outcome'
    ? { status: 200, outcome: submission.outcome }
    : { status: submission.problem.problem.status, problem: { ...submission.problem.problem } };
