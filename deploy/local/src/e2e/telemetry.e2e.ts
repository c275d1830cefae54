import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { z } from 'zod';
import { chooseKafka } from '@tallystick/testing/kafka';
import { toldSuite } from './telemetry/told-suite.js';

toldSuite('PostgreSQL', async () => ({ stop: async () => {} }));

const kafka = await chooseKafka();
if (kafka.kind === 'none') it.skip(`telemetry on Kafka is left out: ${kafka.reason}`, () => {});
else
  toldSuite('Kafka', async () => {
    const broker = await kafka.share();
    return {
      kafka: { brokers: broker.brokers, prefix: `told-${randomUUID().slice(0, 8)}.` },
      stop: () => broker.stop(),
    };
  });

it('who has no use for the SDK does not load it', async () => {
  const system = new URL('../../dist/index.js', import.meta.url);
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import(${JSON.stringify(system.href)});
    console.log(JSON.stringify(loaded.flatMap((url) => /@opentelemetry\\/([^/]+)/.exec(url)?.[1] ?? [])));
    process.exit(0);`;
  const arguments_ = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, arguments_);
  const loaded = z.array(z.string()).parse(JSON.parse(stdout));
  expect(new Set(loaded)).toEqual(new Set(['api', 'semantic-conventions']));
});
