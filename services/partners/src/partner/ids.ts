import {
  factId,
  streamName,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** Whose: a partner belongs to one programme. */
export interface PartnerRef {
  readonly program: ProgramId;
  readonly partner: string;
}

export interface PartnerEventRef extends PartnerRef {
  readonly event: string;
}

export const partnerStream = ({ program, partner }: PartnerRef): StreamName =>
  streamName('partner', program, partner);

export const partnerEventStream = ({ program, partner, event }: PartnerEventRef): StreamName =>
  streamName('partnerevent', program, partner, event);

/** What accrual and the ledger know a partner's event by. */
export const partnerEventFact = ({ program, partner, event }: PartnerEventRef): FactId =>
  factId('partnerevent', program, partner, event);
