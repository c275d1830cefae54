import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { testServerVariable } from '@tallystick/testing';
import { benchmarks } from './benchmarks/index.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** At sizes that measure nothing: every benchmark runs, and finds its own result right. What it is as fast as, nobody asks here. */
describe('npm run bench', () => {
  it('runs every benchmark, checks its result, and writes one table as Markdown and JSON', async () => {
    const out = await mkdtemp(path.join(tmpdir(), 'tallystick-bench-out-'));
    try {
      await promisify(execFile)(process.execPath, [
        ...[main, '--quick', '--pairs', '1', '--out', out],
        ...['--postgres', process.env[testServerVariable] ?? ''],
      ]);
      const report = JSON.parse(await readFile(path.join(out, 'latest.json'), 'utf8')) as {
        readonly answers: readonly { readonly title: string }[];
      };
      const names = new Set(report.answers.map(({ title }) => title.split(',')[0]));
      expect([...names]).toEqual(benchmarks.map(({ name }) => name));
      const table = await readFile(path.join(out, 'latest.md'), 'utf8');
      for (const { title } of report.answers) expect(table).toContain(`| ${title} `);
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  }, 240_000);
});
