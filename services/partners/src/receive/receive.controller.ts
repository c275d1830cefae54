import { Controller, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { epochMs } from '@tallystick/kernel';
import {
  answer,
  BodyForm,
  ContextParam,
  parseBody,
  Public,
  RawBodyParam,
  type Answer,
  type RequestContext,
} from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { eventIdPattern, eventIdRule, partner, position, program } from '../fields.js';
import { validKeys } from '../keys/key-rows.js';
import { openSecret } from '../keys/secrets.js';
import type { PartnerRef } from '../partner/ids.js';
import { PARTS, type Parts } from '../parts.js';
import {
  bodyTooLarge,
  eventConflict,
  invalid,
  signatureMissing,
  signatureWrong,
  timestampOutsideWindow,
} from '../problems.js';
import { contentOf, earnEvent, hashOf } from './earn-event.js';
import { keepBody } from './evidence.js';
import { receive } from './receive.js';
import { readHeaders, signedBy, toleranceSeconds, type SignatureHeaders } from './signature.js';

const bodyBytesMax = 64 * 1024;
/** A partner's clock may be ahead of ours by as much as its signatures may. */
const aheadMaxMs = toleranceSeconds * 1000;

class DeliveryPath extends createZodDto(z.object({ program, partner })) {}
class EarnEventBody extends createZodDto(earnEvent) {}
class AcceptedBody extends createZodDto(
  z.object({
    event: z.string().describe('The webhook-id'),
    status: z.literal('accepted'),
    known: z.boolean().describe('Whether this very event had been taken before'),
    position,
  }),
) {}

type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

@ApiTags('partner events')
@Controller('/v1/partner-events')
export class ReceiveController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Post(':program/:partner')
  @HttpCode(202)
  @Public()
  @BodyForm({ raw: true })
  @ApiOperation({
    summary: 'Deliver a signed earn event',
    description: `No bearer token: the signature says who it is (Standard Webhooks, HMAC-SHA256 over the body as it is sent), made with a valid key of this partner at most ${toleranceSeconds} s ago. webhook-id is the event's id: the same id with the same content is answered as before, whatever its signature and time; with other content it is refused and kept. At most ${bodyBytesMax} bytes.`,
  })
  @ApiHeader({
    name: 'webhook-id',
    required: true,
    description: "The event's id, 1 to 200 visible ASCII characters",
  })
  @ApiHeader({
    name: 'webhook-timestamp',
    required: true,
    description: 'When it was signed, in seconds since 1970',
  })
  @ApiHeader({
    name: 'webhook-signature',
    required: true,
    description: '`v1,` and base64; several, one for each key, separated by spaces',
  })
  @ApiBody({ type: EarnEventBody })
  @ApiResponse({ status: 202, type: AcceptedBody.Output })
  @ApiResponse({
    status: 401,
    description: 'signature-missing, signature-wrong, timestamp-outside-window',
  })
  @ApiResponse({ status: 409, description: 'partner-event-conflict' })
  @ApiResponse({ status: 413, description: 'body-too-large' })
  async take(
    @Param() of: DeliveryPath,
    @Headers() rawHeaders: RawHeaders,
    @RawBodyParam() body: Buffer,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<z.input<typeof AcceptedBody.schema>>> {
    if (body.length > bodyBytesMax) throw bodyTooLarge(bodyBytesMax);
    const now = this.parts.clock();
    const read = readHeaders(rawHeaders, now);
    if (read.kind === 'missing') throw signatureMissing();
    if (read.kind === 'outside-window') throw timestampOutsideWindow(toleranceSeconds);
    const { id: event, timestamp } = read.headers;
    const signed = await this.signedBy(of, read.headers, body);
    if (signed === undefined) throw signatureWrong();

    // From here on it is the partner that speaks.
    if (!eventIdPattern.test(event)) throw invalid([{ field: 'webhook-id', message: eventIdRule }]);
    const parsed = parseBody(earnEvent, body);
    const content = contentOf(parsed, (card) => this.parts.cardTokens.tokenOf(of.program, card));
    if (content === undefined || epochMs(content.occurredAt) > epochMs(now) + aheadMaxMs)
      throw invalid([{ field: 'occurredAt', message: 'must be a time, and not in the future' }]);

    const ref = { program: of.program, partner: of.partner, event };
    const { bodyHash, sealed } = keepBody(this.parts.masterKeys, ref, body);
    const received = await receive(this.parts, {
      of: ref,
      data: { ...ref, ...content, ...signed, hash: hashOf(ref, content), bodyHash },
      sentAt: timestamp,
      receivedAt: now,
      body: sealed,
      context: { ...context, actor: `partner:${of.partner}` },
    });
    if (received.kind === 'conflict') throw eventConflict();
    const { known, position: at } = received;
    return answer({ event, status: 'accepted', known, position: at.toString() }, { position: at });
  }

  private async signedBy(of: PartnerRef, headers: SignatureHeaders, body: Buffer) {
    const keys = await validKeys(this.parts.db, of);
    const opened = keys.map(({ keyId, sealed }) => ({
      keyId,
      secret: openSecret(this.parts.masterKeys, of, keyId, sealed),
    }));
    return signedBy(opened, headers, body);
  }
}
