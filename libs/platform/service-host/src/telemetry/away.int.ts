import { expect, it } from '@jest/globals';
import { testDatabase } from '@tallystick/testing';
import { ask } from '../test-service/ask.js';
import { startTill } from '../test-service/start-till.js';
import { till as definition } from '../test-service/till.js';
import { until } from '../test-service/until.js';

it('a receiver that is away holds nothing up, and the log says so', async () => {
  // What is given up is not tried again after the test.
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '500';
  const till = await startTill(
    await testDatabase(),
    definition,
    {},
    { TALLYSTICK_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_METRIC_EXPORT_INTERVAL: '200' },
  );
  const answer = await ask(`${till.url}/v1/receipts/schema`, {
    token: await till.issuer.token({ sub: 'o', roles: ['ops'] }),
  });
  expect(answer.status).toBe(200);
  await until('the log says it', () => till.lines.some((line) => line.includes('"telemetry"')));
  const began = performance.now();
  await till.end();
  expect(performance.now() - began).toBeLessThan(15_000);
});
