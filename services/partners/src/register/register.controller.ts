import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  Allow,
  answer,
  CallerParam,
  ContextParam,
  mayProgram,
  type Answer,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { newPartner, newProgram, position, secret, text } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { partnerExists } from '../problems.js';
import { register } from './register.js';

class RegisterRequest extends createZodDto(
  z.strictObject({
    program: newProgram,
    partner: newPartner,
    name: text('What the partner is called'),
  }),
) {}
class RegisterAnswerBody extends createZodDto(
  z.object({
    program: z.string(),
    partner: z.string(),
    name: z.string(),
    keyId: z.string().nullable().describe('Names the key that came with the registration'),
    secret: secret.optional(),
    position,
  }),
) {}

@ApiTags('partners')
@Controller('/v1/partners')
export class RegisterController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Post()
  @HttpCode(201)
  @Allow('manager')
  @ApiOperation({
    summary: 'Register a partner',
    description:
      'Gives it its first key. Program and partner are what makes a registration the same, so it needs no Idempotency-Key: repeated it is answered 200, without the secret. A secret that was not received is lost: issue another key, revoke this one.',
  })
  @ApiResponse({ status: 201, type: RegisterAnswerBody.Output })
  @ApiResponse({
    status: 200,
    description: 'Was registered before; no secret',
    type: RegisterAnswerBody.Output,
  })
  @ApiResponse({ status: 409, description: 'partner-exists' })
  async register(
    @Body() { program, partner, name }: RegisterRequest,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, program);
    const registered = await register(this.parts, { program, partner }, name, context);
    if (registered.kind === 'other-name') throw partnerExists();
    const { keyId, position } = registered;
    return answer(
      {
        program,
        partner,
        name,
        keyId,
        ...(registered.secret === null ? {} : { secret: registered.secret }),
        position: position.toString(),
      },
      {
        status: registered.secret === null ? 200 : 201,
        position,
        headers: { 'cache-control': 'no-store' },
      },
    );
  }
}
