import { z } from 'zod';

const defaultMetricsEveryMs = 60_000;

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol));
const expected = 'the http(s) base address of an OTLP receiver, or nothing for no telemetry';

/** Where traces and metrics go. The rest of OpenTelemetry's own variables the SDK reads by itself, from the process. */
export const telemetryVariables = {
  TALLYSTICK_OTLP_ENDPOINT: httpUrl.optional().describe(expected),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional().describe(expected),
  OTEL_SDK_DISABLED: z.string().optional().describe('true, or nothing'),
  OTEL_METRIC_EXPORT_INTERVAL: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number)
    .default(defaultMetricsEveryMs)
    .describe(`milliseconds between exports of metrics, or nothing for ${defaultMetricsEveryMs}`),
};

export interface TelemetrySettings {
  readonly endpoint: string;
  readonly metricsEveryMs: number;
}

/** Undefined: off. */
export const telemetryOf = (read: {
  readonly TALLYSTICK_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_SDK_DISABLED?: string | undefined;
  readonly OTEL_METRIC_EXPORT_INTERVAL: number;
}): TelemetrySettings | undefined => {
  const endpoint = read.TALLYSTICK_OTLP_ENDPOINT ?? read.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined || read.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    metricsEveryMs: read.OTEL_METRIC_EXPORT_INTERVAL,
  };
};
