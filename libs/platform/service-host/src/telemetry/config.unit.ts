import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { telemetryOf, telemetryVariables } from './config.js';

const read = (env: Readonly<Record<string, string>>) =>
  telemetryOf(z.object(telemetryVariables).parse(env));

describe('telemetry', () => {
  it('is off unless an address is named, and off when the standard switch says so', () => {
    expect(read({})).toBeUndefined();
    const env = { TALLYSTICK_OTLP_ENDPOINT: 'http://otel:4318', OTEL_SDK_DISABLED: 'true' };
    expect(read(env)).toBeUndefined();
  });

  it('goes to our address before the standard one', () => {
    const standard = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://standard:4318/' };
    expect(read(standard)).toEqual({ endpoint: 'http://standard:4318', metricsEveryMs: 60_000 });
    const env = { ...standard, TALLYSTICK_OTLP_ENDPOINT: 'https://ours/otlp' };
    expect(read({ ...env, OTEL_METRIC_EXPORT_INTERVAL: '500' })).toEqual({
      endpoint: 'https://ours/otlp',
      metricsEveryMs: 500,
    });
  });

  it.each([
    { TALLYSTICK_OTLP_ENDPOINT: 'otel:4318' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://otel' },
    { OTEL_METRIC_EXPORT_INTERVAL: '0' },
  ])('is refused with %s', (env) => {
    expect(() => read(env)).toThrow();
  });
});
