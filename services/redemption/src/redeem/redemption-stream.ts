import { contentHash } from '@tallystick/event-store';
import {
  factId,
  streamName,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** A redemption's own stream: begun once, it pins the account and what was asked for. So it does for what a hold's capture spends. */
export const redemptionStream = (program: ProgramId, redemption: string): StreamName =>
  streamName('redemption', program, redemption);

export const redemptionFact = (program: ProgramId, redemption: string): FactId =>
  factId('redemption', program, redemption);

/** A caller's key names one redemption for ever: the id is made from both, and tells neither. */
export const redemptionIdOf = (program: ProgramId, subject: string, key: string): string =>
  idOf({ program, subject, key });

/** Another kind of order under the same key has another id. */
export const orderIdOf = (
  order: 'hold' | 'capture' | 'transfer' | 'certificate-use',
  program: ProgramId,
  subject: string,
  key: string,
): string => idOf({ order, program, subject, key });

const idOf = (named: object): string => contentHash(named).slice(0, 32);
