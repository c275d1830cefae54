import { Controller, Get, HttpCode, Inject, Param, Post, Query, type Type } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { deadLettersPath, type ServiceName } from '@tallystick/contracts';
import type { DeadLetter } from '@tallystick/message-bus';
import { Allow } from '../auth/access.js';
import type { Caller } from '../auth/caller.js';
import type { RequestContext } from '../context.js';
import { CallerParam, ContextParam } from '../http/params.js';
import { problem } from '../problem.js';
import { readCursor, writeCursor } from './letter-cursor.js';
import type { DeadLetters, LetterPlace } from './dead-letters.js';

/** What the controller is given: the letters, and the topics that the service asks for. */
export const DEAD_LETTERS = Symbol('DeadLetters');
export interface OwnDeadLetters {
  readonly letters: DeadLetters;
  readonly topics: () => readonly string[];
}

const listMax = 1000;
const place = {
  topic: z.string(),
  partition: z.coerce.number().int().min(0),
  offset: z
    .string()
    .regex(/^\d{1,18}$/)
    .transform(BigInt),
};
const outline = {
  topic: z.string(),
  partition: z.int(),
  offset: z.string().describe('A whole number'),
  messageId: z.string(),
  key: z.string(),
  reason: z.string(),
  buriedAt: z.string().nullable().describe('When it was put aside'),
  replaced: z
    .boolean()
    .describe('Key and value stand in place of the message’s own, which may not be kept here'),
};

class LettersQuery extends createZodDto(
  z.object({
    topic: z.string().optional().describe('Default: every topic that the service reads'),
    cursor: z.string().max(500).optional().describe('`next` of the page before'),
    limit: z.coerce.number().int().min(1).max(listMax).default(100),
  }),
) {}
class LetterPath extends createZodDto(z.object(place)) {}
class LettersBody extends createZodDto(
  z.object({
    letters: z.array(z.object(outline)),
    next: z.string().nullable().describe('`cursor` of the next page; null: this is the last'),
  }),
) {}
class LetterBody extends createZodDto(
  z.object({
    ...outline,
    headers: z.record(z.string(), z.string()),
    value: z.string().describe('As text; empty where `bytes` has it'),
    bytes: z.string().nullable().describe('Base64, where the value is no text'),
  }),
) {}
class EndedBody extends createZodDto(z.object({ outcome: z.enum(['done', 'dropped']) })) {}

const outlineOf = ({
  topic,
  partition,
  offset,
  id,
  key,
  reason,
  buriedAt,
  replaced,
}: DeadLetter) => ({
  ...{ topic, partition, offset: String(offset), messageId: id, key, reason, replaced },
  buriedAt: buriedAt?.toISOString() ?? null,
});

/** The dead letters of one service, for people who look after it. */
export const deadLettersController = (service: ServiceName): Type<unknown> => {
  @ApiTags('dead letters')
  @Controller(deadLettersPath(service))
  class DeadLettersController {
    constructor(@Inject(DEAD_LETTERS) private readonly own: OwnDeadLetters) {}

    @Get()
    @Allow('ops')
    @ApiOperation({
      summary: 'The messages that this service could not take, oldest first',
      description: 'Covers every programme: the token must, too.',
    })
    @ApiResponse({ status: 200, type: LettersBody.Output })
    async list(
      @Query() { topic, cursor, limit }: LettersQuery,
      @CallerParam() caller: Caller,
    ): Promise<z.input<typeof LettersBody.schema>> {
      mayEveryProgram(caller);
      const topics = this.own.topics();
      if (topic !== undefined && !topics.includes(topic)) throw unknown();
      const asked = topic === undefined ? topics : [topic];
      const after = cursor === undefined ? null : readCursor(cursor);
      if (cursor !== undefined && (after === null || !asked.includes(after.topic)))
        throw notACursor();
      const found = await this.own.letters.list(asked, limit + 1, after);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        letters: page.map(outlineOf),
        next: found.length > page.length && last !== undefined ? writeCursor(last) : null,
      };
    }

    @Get(':topic/:partition/:offset')
    @Allow('ops')
    @ApiOperation({ summary: 'One of them, whole' })
    @ApiResponse({ status: 200, type: LetterBody.Output })
    @ApiResponse({ status: 404, description: 'dead-letter-unknown' })
    async read(
      @Param() path: LetterPath,
      @CallerParam() caller: Caller,
    ): Promise<z.input<typeof LetterBody.schema>> {
      const letter = await this.own.letters.find(this.placeOf(path, caller));
      if (letter === undefined) throw unknown();
      const { headers, value, bytes } = letter;
      return {
        ...outlineOf(letter),
        ...{ headers: { ...headers }, value },
        bytes: bytes === undefined ? null : Buffer.from(bytes).toString('base64'),
      };
    }

    @Post(':topic/:partition/:offset/retries')
    @HttpCode(200)
    @Allow('ops')
    @ApiOperation({
      summary: 'Try it once more',
      description: 'This service takes the message, or says why not; others do not see it again.',
    })
    @ApiResponse({ status: 200, type: EndedBody.Output })
    @ApiResponse({ status: 404, description: 'dead-letter-unknown' })
    @ApiResponse({ status: 409, description: 'dead-letter-still-refused, dead-letter-not-kept' })
    async retry(
      @Param() path: LetterPath,
      @CallerParam() caller: Caller,
      @ContextParam() { actor }: RequestContext,
    ): Promise<z.input<typeof EndedBody.schema>> {
      const retried = await this.own.letters.retry(this.placeOf(path, caller), actor);
      switch (retried.kind) {
        case 'done':
          return { outcome: 'done' };
        case 'poison':
          throw stillRefused(retried.reason);
        case 'later':
          throw notNow(retried.reason);
        case 'gone':
          throw notKept();
        case 'unknown':
          throw unknown();
      }
    }

    @Post(':topic/:partition/:offset/drops')
    @HttpCode(200)
    @Allow('ops')
    @ApiOperation({
      summary: 'Give it up',
      description: 'It is not shown any more; who dropped it is kept.',
    })
    @ApiResponse({ status: 200, type: EndedBody.Output })
    @ApiResponse({ status: 404, description: 'dead-letter-unknown' })
    async drop(
      @Param() path: LetterPath,
      @CallerParam() caller: Caller,
      @ContextParam() { actor }: RequestContext,
    ): Promise<z.input<typeof EndedBody.schema>> {
      if (!(await this.own.letters.drop(this.placeOf(path, caller), actor))) throw unknown();
      return { outcome: 'dropped' };
    }

    private placeOf(path: LetterPath, caller: Caller): LetterPlace {
      mayEveryProgram(caller);
      if (!this.own.topics().includes(path.topic)) throw unknown();
      return path;
    }
  }
  return DeadLettersController;
};

const mayEveryProgram = (caller: Caller): void => {
  if (caller.programs === '*') return;
  throw problem({
    status: 403,
    type: 'forbidden',
    title: 'Your token does not allow this',
    detail: 'Dead letters are of every programme; your token does not cover them all.',
  });
};

const notACursor = () =>
  problem({
    status: 400,
    type: 'validation',
    title: 'The request is not valid',
    errors: [{ field: 'cursor', message: 'is not one that a page before gave' }],
  });

const unknown = () =>
  problem({ status: 404, type: 'dead-letter-unknown', title: 'There is no such dead letter' });

const stillRefused = (reason: string) =>
  problem({
    status: 409,
    type: 'dead-letter-still-refused',
    title: 'The service still cannot take it',
    detail: reason,
  });

const notKept = () =>
  problem({
    status: 409,
    type: 'dead-letter-not-kept',
    title: 'The message is not kept any more, and the letter holds less than it: send it again',
  });

const notNow = (reason: string) =>
  problem({
    status: 503,
    type: 'unavailable',
    title: 'The service cannot do this now',
    detail: reason,
    retryAfterSeconds: 2,
  });
