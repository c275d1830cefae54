import { describe, expect, it } from '@jest/globals';
import { tellRun } from './tell-run.js';

describe('telemetry of a run', () => {
  it.each([
    {},
    { TALLYSTICK_OTLP_ENDPOINT: '' },
    { TALLYSTICK_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_SDK_DISABLED: 'true' },
  ])('is off: %j', async (env) => {
    const told = await tellRun('import', env);
    expect(told.env).toBe(env);
    await told.end(0);
  });

  it('wants an address that is one', async () => {
    await expect(tellRun('import', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' })).rejects.toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT is no http(s) address',
    );
  });
});
