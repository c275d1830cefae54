import { accrual } from '@tallystick/accrual';
import { serviceNames, type ServiceName } from '@tallystick/contracts';
import { enrollment } from '@tallystick/enrollment';
import { partners } from '@tallystick/partners';
import { redemption } from '@tallystick/redemption';
import { reporting } from '@tallystick/reporting';
import type { ServiceDefinition } from '@tallystick/service-host';
import type { Handler } from '../front-door/front-door.js';

export const definitions: Readonly<Record<ServiceName, ServiceDefinition>> = {
  enrollment,
  accrual,
  redemption,
  partners,
  reporting,
};

/** The five services, however they run. */
export interface Services {
  readonly handlers: Readonly<Record<ServiceName, Handler>>;
  /** Base address of each, where it has one of its own. */
  readonly urls?: Readonly<Record<ServiceName, string>>;
  /** Process of each, where it has one of its own. Another number after a restart. */
  pids(): Partial<Record<ServiceName, number>>;
  /** Lets what is in hand end. */
  close(): Promise<void>;
  /** Ends their processes where they are; those in ours go on until `close`. */
  kill(): void;
}

/** A record with a value for each service. */
export const perService = <T>(value: (service: ServiceName) => T): Record<ServiceName, T> => ({
  enrollment: value('enrollment'),
  accrual: value('accrual'),
  redemption: value('redemption'),
  partners: value('partners'),
  reporting: value('reporting'),
});

/** Does something for all five at once and waits for all; then throws the first failure, if there is one. */
export const forEachService = async <T>(
  work: (service: ServiceName) => Promise<T>,
): Promise<Record<ServiceName, T>> => {
  const done = await Promise.allSettled(serviceNames.map(work));
  return perService((service) => {
    const result = done[serviceNames.indexOf(service)];
    if (result === undefined) throw new Error(`no result for ${service}`);
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
};
