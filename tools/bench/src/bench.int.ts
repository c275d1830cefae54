import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { testServerVariable } from '@tallystick/testing';
import { chooseKafka } from '@tallystick/testing/kafka';
import { benchmarks } from './benchmarks/index.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

const kafka = await chooseKafka();
const needKafka = new Set(['bus-in', 'bus-out', 'poison']);
const names = benchmarks
  .map(({ name }) => name)
  .filter((name) => kafka.kind !== 'none' || !needKafka.has(name));

/** At sizes that measure nothing: every benchmark runs, and finds its own result right. What it is as fast as, nobody asks here. */
describe('npm run bench', () => {
  it('runs every benchmark, checks its result, and writes one table as Markdown and JSON', async () => {
    const out = await mkdtemp(path.join(tmpdir(), 'tallystick-bench-out-'));
    const broker = kafka.kind === 'none' ? undefined : await kafka.share();
    try {
      await promisify(execFile)(
        process.execPath,
        [
          ...[main, ...names, '--quick', '--pairs', '1', '--out', out],
          ...['--postgres', process.env[testServerVariable] ?? ''],
        ],
        { env: { ...process.env, KAFKA_BROKERS: broker?.brokers.join() ?? '' } },
      );
      const report = JSON.parse(await readFile(path.join(out, 'latest.json'), 'utf8')) as {
        readonly answers: readonly { readonly title: string }[];
      };
      const measured = new Set(report.answers.map(({ title }) => title.split(',')[0]));
      expect([...measured]).toEqual(names);
      const table = await readFile(path.join(out, 'latest.md'), 'utf8');
      for (const { title } of report.answers) expect(table).toContain(`| ${title} `);
    } finally {
      await broker?.stop();
      await rm(out, { recursive: true, force: true });
    }
  }, 1_200_000);
});
