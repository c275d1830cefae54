import type { ServiceName } from '@tallystick/contracts';

/** What the host took from the environment. Secret parts are not in it: they have tokens of their own. */
export interface HostConfig {
  readonly service: ServiceName;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly logLevel: string;
  readonly eventStore: 'postgres';
  readonly bus: 'postgres';
}
