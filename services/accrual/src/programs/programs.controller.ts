import { Body, Controller, Get, Inject, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { rulebookJsonSchema } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import { programId, type Clock } from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  mayProgram,
  metadata,
  problem,
  Public,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { Catalog, type Program, type PublishedRulebook } from './catalog.js';
import { documentCharsMax, readDocument } from './document.js';
import { publishProgram } from './publish-program.js';

class PublishProgram extends createZodDto(
  z.strictObject({
    document: z.string().min(1).max(documentCharsMax).describe('The rulebook: YAML text'),
  }),
) {}

class PublishedVersion extends createZodDto(
  z.strictObject({
    program: z.string(),
    version: z.int(),
    hash: z.string().describe('SHA-256 of the canonical JSON (RFC 8785) of the document'),
    effectiveFrom: z.string(),
    position: z.string().optional(),
  }),
) {}

const summaryOf = ({ ref, book }: PublishedRulebook) => ({
  program: book.program,
  version: ref.version,
  hash: ref.hash,
  effectiveFrom: book.effectiveFrom,
});

const unknownProgram = (program: string) =>
  problem({
    status: 404,
    type: 'program-unknown',
    title: 'There is no such programme',
    detail: `Programme ${program} has not been published.`,
  });

@ApiTags('programmes')
@Controller('/v1/programs')
export class ProgramsController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Catalog) readonly catalog: Catalog,
  ) {}

  @Post()
  @Allow('manager')
  @ApiOperation({
    summary: 'Publishes a version of a programme; the same document again changes nothing',
  })
  @ApiOkResponse({ type: PublishedVersion })
  @ApiResponse({
    status: 409,
    description: 'rulebook-version-taken, rulebook-version-out-of-order',
  })
  @ApiResponse({ status: 422, description: 'rulebook-faulty' })
  async publish(
    @Body() body: PublishProgram,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const read = readDocument(body.document);
    if (!read.ok) {
      throw problem({
        status: 422,
        type: 'rulebook-faulty',
        title: 'The rulebook has faults',
        errors: read.error.map(({ line, column, field, message }) => ({
          field: field === '' ? 'document' : field,
          message: `line ${line}, column ${column}: ${message}`,
        })),
      });
    }
    mayProgram(caller, read.value.program);
    const publication = await publishProgram(this, read.value, (program, occurredAt) =>
      metadata(context, { program, occurredAt }, this.clock),
    );
    switch (publication.kind) {
      case 'published':
      case 'known': {
        const position = String(publication.position);
        const status = publication.kind === 'published' ? 201 : 200;
        return answer({ ...summaryOf(publication.rulebook), position }, { status, position });
      }
      case 'taken':
        throw problem({
          status: 409,
          type: 'rulebook-version-taken',
          title: 'This version was published with another content',
          detail: 'A published version never changes: give the document the next version number.',
        });
      case 'out-of-order':
        throw problem({
          status: 409,
          type: 'rulebook-version-out-of-order',
          title: 'Versions count up by one',
          detail: `The next version is ${publication.next}.`,
        });
    }
  }

  @Get('/schema')
  @Public()
  @ApiOperation({ summary: 'The JSON Schema of the rulebook document, for editors' })
  schema(): object {
    return rulebookJsonSchema();
  }

  @Get('/:program')
  @Allow('manager', 'store', 'auditor', 'ops')
  @ApiOperation({ summary: 'The versions of a programme' })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async versions(@Param('program') program: string, @CallerParam() caller: Caller) {
    const found = await this.find(program, caller);
    return { program, versions: found.versions.map(summaryOf) };
  }

  @Get('/:program/versions/:version')
  @Allow('manager', 'store', 'auditor', 'ops')
  @ApiOperation({ summary: 'One version, with its rulebook' })
  @ApiResponse({ status: 404, description: 'program-unknown, rulebook-version-unknown' })
  async version(
    @Param('program') program: string,
    @Param('version', ParseIntPipe) version: number,
    @CallerParam() caller: Caller,
  ) {
    const found = await this.find(program, caller);
    const rulebook = found.versions.find(({ ref }) => ref.version === version);
    if (rulebook === undefined) {
      throw problem({
        status: 404,
        type: 'rulebook-version-unknown',
        title: 'The programme has no such version',
      });
    }
    return { ...summaryOf(rulebook), rulebook: rulebook.book };
  }

  private async find(program: string, caller: Caller): Promise<Program> {
    mayProgram(caller, program);
    const found = await this.catalog.read(programId(program));
    if (found === null) throw unknownProgram(program);
    return found;
  }
}
