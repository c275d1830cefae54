import { Body, Controller, Get, Inject, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { rulebookJsonSchema } from '@tallystick/contracts';
import { canonicalJson, sha256, type EventStore } from '@tallystick/event-store';
import { programId, type Clock } from '@tallystick/kernel';
import { readDocument } from '@tallystick/programmes';
import {
  Allow,
  CallerParam,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  hasRole,
  mayProgram,
  metadata,
  Public,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { programUnknown } from '../corrections/problems.js';
import { changeVersion } from './change-version.js';
import { decideDraft } from './decide-version.js';
import { faulty, versionUnknown } from './problems.js';
import { bodyOf, DraftBody, said, VersionBody, VersionList } from './version-form.js';
import { readVersions, type ApprovedVersion, type OpenVersion } from './versions.js';

/** What a programme's versions are, and what the next one may be. */
@ApiTags('programmes')
@Controller('/v1/programs')
export class ProgramsController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  @Post()
  @Allow('manager')
  @ApiOperation({
    summary: 'Keeps a draft of the next version; the same document again changes nothing',
    description:
      'A draft gives nobody points: it is proposed, and somebody else approves it. It takes the place of an earlier draft.',
  })
  @ApiOkResponse({ type: VersionBody })
  @ApiResponse({
    status: 409,
    description: 'rulebook-version-taken, rulebook-version-out-of-order, rulebook-proposal-open',
  })
  @ApiResponse({ status: 422, description: 'rulebook-faulty, rulebook-cannot-follow' })
  async draft(
    @Body() body: DraftBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const read = readDocument(body.document);
    if (!read.ok) throw faulty(read.error);
    const book = read.value;
    mayProgram(caller, book.program);
    const program = programId(book.program);
    const document = canonicalJson(book);
    const draft = { book, document, hash: sha256(document) };
    const now = this.clock();
    return said(
      await changeVersion(
        this.store,
        program,
        (versions) => decideDraft(versions, draft, caller.subject, now),
        (occurredAt) => metadata(context, { program, occurredAt }, this.clock),
        now,
      ),
      book.version,
      body.document,
    );
  }

  @Get('/schema')
  @Public()
  @ApiOperation({ summary: 'The JSON Schema of the rulebook document, for editors' })
  schema(): object {
    return rulebookJsonSchema();
  }

  @Get('/:program')
  @Allow('manager', 'store', 'auditor', 'ops')
  @ApiOperation({
    summary: 'The versions of a programme',
    description: 'Managers and auditors also see what the next one may be.',
  })
  @ApiOkResponse({ type: VersionList })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async versions(@Param('program') program: string, @CallerParam() caller: Caller) {
    return { program, versions: (await this.find(program, caller)).map(bodyOf) };
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
    const found = (await this.find(program, caller)).find(({ ref }) => ref.version === version);
    if (found === undefined) throw versionUnknown();
    return { ...bodyOf(found), rulebook: found.book };
  }

  /** The approved versions, and the open one for those whose business it is. */
  private async find(
    program: string,
    caller: Caller,
  ): Promise<readonly (ApprovedVersion | OpenVersion)[]> {
    mayProgram(caller, program);
    const { approved, open } = await readVersions(this.store, programId(program));
    const sees = open !== null && hasRole(caller, 'manager', 'auditor');
    const found = sees ? [...approved, open] : approved;
    if (found.length === 0) throw programUnknown(program);
    return found;
  }
}
