import { Inject, Injectable } from '@nestjs/common';
import type { ProgramId } from '@tallystick/kernel';
import { PARTS, type Parts } from '../parts.js';

/** The programmes that enrollment has heard of. A programme that was published once never goes away. */
@Injectable()
export class Programs {
  private readonly known = new Set<ProgramId>();

  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  async has(program: ProgramId): Promise<boolean> {
    if (this.known.has(program)) return true;
    const { rowCount } = await this.parts.db.query('select from programs where program = $1', [
      program,
    ]);
    if (rowCount === 0) return false;
    this.known.add(program);
    return true;
  }
}
