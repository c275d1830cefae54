import type { ServiceName } from '@tallystick/contracts';
import type { Telemetry } from '@tallystick/telemetry';
import type { Log } from '../log.js';

export interface OpenTelemetryOptions {
  readonly service: ServiceName;
  /** Base address of a receiver of OTLP over HTTP, without `/v1/traces`. */
  readonly endpoint: string;
  readonly metricsEveryMs: number;
  readonly log: Log;
}

export interface RunningTelemetry {
  readonly telemetry: Telemetry;
  /** Exports what is left, for a few seconds at most. Never rejects. */
  close(): Promise<void>;
}

/** The SDK is large: who has no use for it does not load it. */
export const openTelemetry = async (options: OpenTelemetryOptions): Promise<RunningTelemetry> => {
  const { startSdk } = await import('./sdk.js');
  return startSdk(options);
};
