import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Module,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { topics } from '@tallystick/contracts';
import { StoreUnavailable } from '@tallystick/event-store';
import type { Message, Verdict } from '@tallystick/message-bus';
import type { Database } from '@tallystick/postgres';
import {
  Allow,
  answer,
  BodyForm,
  CallerParam,
  CONFIG,
  ContextParam,
  DATABASE,
  decodeRelayed,
  IdempotencyKeyParam,
  mayProgram,
  mayStore,
  parseBody,
  problem,
  Public,
  RawBodyParam,
  type Answer,
  type Caller,
  type HostConfig,
  type RequestContext,
  type ServiceDefinition,
} from '../index.js';

/** A small service that has one of everything that the host offers. */

const line = z.strictObject({ ordinal: z.int().min(1), quantity: z.string() });
class SaleDto extends createZodDto(
  z.strictObject({
    program: z.string().min(1),
    chain: z.string(),
    store: z.string(),
    note: z.string().nullish().describe('May be missing, or null'),
    lines: z.array(line).min(1),
  }),
) {}
const saleAnswer = z.object({
  sale: z.string(),
  lines: z.int(),
  correlationId: z.string(),
  actor: z.string(),
});
class SaleAnswerDto extends createZodDto(saleAnswer) {}
class PageDto extends createZodDto(
  z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
) {}
class PathDto extends createZodDto(z.object({ program: z.string().regex(/^[a-z]+$/) })) {}

export const slowMs = 600;

@Controller('/v1/receipts')
export class TillController {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(CONFIG) private readonly config: HostConfig & { readonly TALLYSTICK_SHOP: string },
  ) {}

  @Post()
  @Allow('store', 'manager')
  @ApiOperation({ summary: 'Takes a sale' })
  @ApiCreatedResponse({ type: SaleAnswerDto })
  sell(
    @Body() sale: SaleDto,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Answer<z.output<typeof saleAnswer>> {
    mayProgram(caller, sale.program);
    mayStore(caller, sale);
    const { correlationId, actor } = context;
    return answer({ sale: key, lines: sale.lines.length, correlationId, actor }, { position: 7n });
  }

  @Get(':program/sales')
  @Allow('store')
  @ApiOkResponse({ type: [SaleAnswerDto] })
  list(@Param() { program }: PathDto, @Query() { limit }: PageDto) {
    return { program, limit, shop: this.config.TALLYSTICK_SHOP };
  }

  @Get('schema')
  @Allow('ops')
  async schema() {
    const { rows } = await this.db.query<{ s: string }>('select current_schema() as s');
    return { schema: rows[0]?.s };
  }

  @Get('slow')
  @Allow('ops')
  async slow() {
    await new Promise((resolve) => setTimeout(resolve, slowMs));
    return { slow: true };
  }

  @Get('broken/:how')
  @Allow('ops')
  async broken(@Param('how') how: string) {
    if (how === 'away') throw new StoreUnavailable(new Error('gone'));
    if (how === 'taken') {
      const extensions = { available: 3 };
      throw problem({ status: 409, type: 'taken', title: 'It is taken', extensions });
    }
    if (how === 'sql') await this.db.query(`select 'secret-value'::int`);
    throw new TypeError('internals that nobody may see');
  }

  @Post('signed')
  @HttpCode(202)
  @Public()
  @BodyForm({ raw: true })
  @ApiOperation({ description: 'Signed by the sender.' })
  signed(@RawBodyParam() raw: Buffer) {
    const { number } = parseBody(z.object({ number: z.int() }), raw);
    return { bytes: raw.length, number };
  }

  @Post('rules')
  @HttpCode(200)
  @Allow('manager')
  @BodyForm({ text: ['application/yaml', 'text/plain'] })
  rules(@Body() body: string) {
    return { kind: typeof body, length: typeof body === 'string' ? body.length : -1 };
  }
}

/** What the consumer has seen, by event id; and how it is to misbehave. */
interface Seen {
  readonly ids: string[];
  readonly batches: number[];
  slowMs: number;
}
export const seen: Seen = { ids: [], batches: [], slowMs: 0 };

@Controller()
export class LedgerConsumer {
  @EventPattern(topics.ledger.name)
  async handle(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    seen.batches.push(batch.length);
    if (seen.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, seen.slowMs));
    return batch.map((message) => {
      seen.ids.push(decodeRelayed(message).id);
      return { kind: 'done' };
    });
  }
}

@Module({ controllers: [TillController, LedgerConsumer] })
class TillModule {}

export const till: ServiceDefinition = {
  name: 'accrual',
  module: TillModule,
  migrations: [
    {
      name: '0001-sales',
      note: 'Sales, as an example',
      sql: 'create table sales (id text primary key)',
    },
  ],
  config: z.object({ TALLYSTICK_SHOP: z.string().describe('the name of the shop') }),
  relay: true,
  summary: 'A till, for the tests of the host.',
};
