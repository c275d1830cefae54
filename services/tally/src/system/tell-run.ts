import { exitCodes, Failure } from '../exit-codes.js';

/** A run as telemetry tells it. */
export interface ToldRun {
  /** The environment that the run sees: where it is told, `TRACEPARENT` is that of its span, and its requests go on from there. */
  readonly env: NodeJS.ProcessEnv;
  /** Tells how the run ended. Takes two seconds at most, and never rejects. */
  end(exitCode: number): Promise<void>;
}

/**
 * Begins the span of a run where the environment says where spans go (`TALLYSTICK_OTLP_ENDPOINT`, `OTEL_…`). Otherwise nothing is
 * loaded, and nothing told. Throws `Failure` for an address that is none.
 */
export const tellRun = async (command: string, env: NodeJS.ProcessEnv): Promise<ToldRun> => {
  const endpoint = endpointOf(env);
  if (endpoint === undefined) return { env, end: async () => {} };
  const { startSpan } = await import('./run-span.js');
  const span = startSpan(command, endpoint, env['TRACEPARENT']);
  return { env: { ...env, TRACEPARENT: span.traceparent }, end: (exitCode) => span.end(exitCode) };
};

const endpointOf = (env: NodeJS.ProcessEnv): string | undefined => {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
  for (const name of ['TALLYSTICK_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
    const value = env[name] ?? '';
    if (value === '') continue;
    if (!/^https?:\/\//.test(value) || !URL.canParse(value))
      throw new Failure(exitCodes.usage, `${name} is no http(s) address`);
    return value.replace(/\/+$/, '');
  }
  return undefined;
};
