import {
  diag,
  logs,
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { envDetector, hostDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import {
  ATTR_PROCESS_EXECUTABLE_NAME,
  ATTR_PROCESS_EXIT_CODE,
} from '@opentelemetry/semantic-conventions/incubating';
import { exitCodes } from '../exit-codes.js';
import { isTraceparent } from './trace.js';

/** A receiver that is away does not keep a command from ending. */
const lastExportMs = 2_000;

export interface RunSpan {
  /** W3C Trace Context, version 00. */
  readonly traceparent: string;
  end(exitCode: number): Promise<void>;
}

/** `command` is one of ours, never what was typed; nothing else of the command line is told. `caller`: a traceparent, if there is one. */
export const startSpan = (
  command: string,
  endpoint: string,
  caller: string | undefined,
): RunSpan => {
  diag.disable();
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': 'tallystick-tally',
      'service.namespace': 'tallystick',
    }),
    resourceDetectors: [envDetector, hostDetector],
    traceExporter: new OTLPTraceExporter({
      ...{ url: `${endpoint}/v1/traces`, timeoutMillis: lastExportMs },
    }),
    metricReaders: [],
    logRecordProcessors: [],
    textMapPropagator: null,
  });
  sdk.start();
  const span = trace.getTracer('tallystick').startSpan(
    `tally ${command}`,
    {
      kind: SpanKind.INTERNAL,
      attributes: { [ATTR_PROCESS_EXECUTABLE_NAME]: 'tally' },
    },
    parentOf(caller),
  );
  trace.disable();
  metrics.disable();
  logs.disable();
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    end: async (exitCode) => {
      span.setAttribute(ATTR_PROCESS_EXIT_CODE, exitCode);
      if (exitCode !== exitCodes.ok) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.setAttribute(ATTR_ERROR_TYPE, String(exitCode));
      }
      span.end();
      const late = new Promise<void>((resolve) => {
        setTimeout(resolve, lastExportMs).unref();
      });
      await Promise.race([sdk.shutdown().catch(() => undefined), late]);
    },
  };
};

/** The context of the caller's span; of none, the beginning of a trace. */
const parentOf = (caller = ''): Context => {
  if (!isTraceparent(caller)) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = ''] = caller.split('-');
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
};
