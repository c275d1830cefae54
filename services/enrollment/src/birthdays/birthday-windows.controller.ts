import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { birthdayQuestions, birthdayAnswers } from '@tallystick/contracts';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import type { z } from 'zod';
import { PARTS, type Parts } from '../parts.js';
import { answerBirthdays } from './in-window.js';

class Questions extends createZodDto(birthdayQuestions) {}
class Answers extends createZodDto(birthdayAnswers) {}

@ApiTags('members')
@Controller('/v1/members')
export class BirthdayWindowsController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Post('birthday-windows')
  @HttpCode(200)
  @Allow('service')
  @ApiOperation({
    summary: 'Say of members whether a day lies around their birthday',
    description:
      'For accrual, which rates by it. Nobody else may ask: asked of enough days, the answers are the birthday. false for who is unknown, or has told no birthday.',
  })
  @ApiResponse({ status: 200, type: Answers.Output })
  async ask(
    @Body() body: Questions,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof birthdayAnswers>> {
    const { program, daysBefore, daysAfter, asked } = body;
    mayProgram(caller, program);
    const window = { daysBefore, daysAfter };
    return { answers: [...(await answerBirthdays(this.parts, program, window, asked))] };
  }
}
