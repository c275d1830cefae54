import type { ServiceName } from '@tallystick/contracts';

/** Another service could not be asked: it does not answer, or not in time, or cannot do it now. What needed it waits, and nothing of it is lost. */
export class ServiceAway extends Error {
  constructor(
    readonly service: ServiceName,
    reason: string,
    cause?: unknown,
  ) {
    super(`${service} cannot be asked now: ${reason}`, { cause });
    this.name = 'ServiceAway';
  }
}
