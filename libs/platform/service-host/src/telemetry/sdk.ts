import { diag, DiagLogLevel, logs, metrics, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { envDetector, hostDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { createTelemetry } from '@tallystick/telemetry';
import type { OpenTelemetryOptions, RunningTelemetry } from './open-telemetry.js';

const scope = 'tallystick';
/** Who cannot be told any more does not keep a service from stopping. */
const lastExportMs = 5_000;

/**
 * An SDK for one service. Several services may share a process, each with a resource of its own, and the API has room for one SDK a process:
 * so tracer and meter are taken, and the API's place is left empty again.
 */
export const startSdk = ({
  service,
  endpoint,
  metricsEveryMs,
  log,
}: OpenTelemetryOptions): RunningTelemetry => {
  const told = (message: string): void => log.warn({ said: message }, 'telemetry');
  diag.setLogger(
    { error: told, warn: told, info: () => {}, debug: () => {}, verbose: () => {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': `tallystick-${service}`,
      'service.namespace': 'tallystick',
    }),
    // Not the process's: its arguments and its user are nobody's business.
    resourceDetectors: [envDetector, hostDetector],
    traceExporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }),
    metricReaders: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` }),
        exportIntervalMillis: metricsEveryMs,
        exportTimeoutMillis: Math.min(metricsEveryMs, lastExportMs),
      }),
    ],
    logRecordProcessors: [],
    // Traceparents go from hand to hand: nothing is propagated by the SDK.
    textMapPropagator: null,
  });
  sdk.start();
  const telemetry = createTelemetry(trace.getTracer(scope), metrics.getMeter(scope));
  trace.disable();
  metrics.disable();
  logs.disable();
  return {
    telemetry,
    close: async () => {
      const late = new Promise<void>((resolve) => {
        setTimeout(resolve, lastExportMs).unref();
      });
      const ended = sdk.shutdown().catch((error: unknown) => {
        log.warn({ err: error }, 'the last of the telemetry was not told');
      });
      await Promise.race([ended, late]);
    },
  };
};
