import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  Allow,
  answer,
  CallerParam,
  ContextParam,
  hasRole,
  IdempotencyKeyParam,
  mayProgram,
  type Answer,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { partner, position, program, secret, text } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { keyUnknown, partnerUnknown, tooManyKeys } from '../problems.js';
import { issueKey } from './issue-key.js';
import { validKeysMax } from './key-rows.js';
import { readPartner } from './read-partner.js';
import { revokeKey } from './revoke-key.js';

class PartnerPath extends createZodDto(z.object({ program, partner })) {}
class KeyPath extends createZodDto(
  z.object({ program, partner, keyId: text('Id of the key, as issuing gave it') }),
) {}
class KeyBody extends createZodDto(
  z.object({ keyId: z.string(), secret: secret.optional(), position }),
) {}
class RevokedBody extends createZodDto(
  z.object({ keyId: z.string(), revokedAt: z.string().describe('RFC 3339, UTC'), position }),
) {}
class PartnerBody extends createZodDto(
  z.object({
    program: z.string(),
    partner: z.string(),
    name: z.string(),
    registeredAt: z.string().describe('RFC 3339, UTC'),
    keys: z.array(
      z.object({
        keyId: z.string(),
        issuedAt: z.string().describe('RFC 3339, UTC'),
        revokedAt: z.string().nullable().describe('RFC 3339, UTC; null: not revoked'),
        usable: z.boolean().describe('Whether what it signs is taken'),
      }),
    ),
  }),
) {}

@ApiTags('partners')
@Controller('/v1/partners')
export class KeysController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/:partner')
  @Allow('manager', 'partner')
  @ApiOperation({
    summary: 'Read a partner and the ids of its keys',
    description: 'A partner reads itself; others are unknown to it.',
  })
  @ApiResponse({ status: 200, type: PartnerBody.Output })
  @ApiResponse({ status: 404, description: 'partner-unknown' })
  async read(
    @Param() path: PartnerPath,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof PartnerBody.schema>> {
    mayProgram(caller, path.program);
    if (!hasRole(caller, 'manager') && caller.partner !== path.partner) throw partnerUnknown();
    const found = await readPartner(this.parts, path);
    if (found === undefined) throw partnerUnknown();
    const { program, partner: id } = path;
    return { program, partner: id, ...found, keys: [...found.keys] };
  }

  @Post(':program/:partner/keys')
  @HttpCode(201)
  @Allow('manager')
  @ApiOperation({
    summary: 'Issue a further key',
    description: `For a rotation: events signed with any valid key are taken, at most ${validKeysMax} at once. Repeated with the same Idempotency-Key: 200 and the same key, without the secret.`,
  })
  @ApiResponse({ status: 201, type: KeyBody.Output })
  @ApiResponse({ status: 200, description: 'Was issued before; no secret', type: KeyBody.Output })
  @ApiResponse({ status: 404, description: 'partner-unknown' })
  @ApiResponse({ status: 409, description: 'partner-keys-too-many' })
  async issue(
    @Param() path: PartnerPath,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, path.program);
    const issued = await issueKey(this.parts, path, key, context);
    if (issued.kind === 'partner-unknown') throw partnerUnknown();
    if (issued.kind === 'too-many') throw tooManyKeys(validKeysMax);
    const { keyId, position } = issued;
    return answer(
      {
        keyId,
        ...(issued.secret === null ? {} : { secret: issued.secret }),
        position: position.toString(),
      },
      {
        status: issued.secret === null ? 200 : 201,
        position,
        headers: { 'cache-control': 'no-store' },
      },
    );
  }

  @Post(':program/:partner/keys/:keyId/revoke')
  @HttpCode(200)
  @Allow('manager')
  @ApiOperation({
    summary: 'Revoke a key',
    description:
      'At once and for ever; what it signed before stands. The key itself makes the request the same, so it needs no Idempotency-Key.',
  })
  @ApiResponse({ status: 200, type: RevokedBody.Output })
  @ApiResponse({ status: 404, description: 'partner-key-unknown' })
  async revoke(
    @Param() path: KeyPath,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, path.program);
    const revoked = await revokeKey(this.parts, path, path.keyId, context);
    if (revoked === undefined) throw keyUnknown();
    const { revokedAt, position } = revoked;
    return answer({ keyId: path.keyId, revokedAt, position: position.toString() }, { position });
  }
}
