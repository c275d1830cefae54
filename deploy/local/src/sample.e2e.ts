import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { dataFolder } from './data/folder.js';
import { lastRunning } from './data/running.js';
import { makeDataFolder, removeDataFolder } from './e2e/tools/data-folders.js';
import { eventually } from './e2e/tools/eventually.js';
import { localProgram, startProgram, tallyProgram, type Program } from './e2e/tools/programs.js';

jest.setTimeout(300_000);

const started: Program[] = [];
const folders: string[] = [];

const folder = async (): Promise<string> => {
  const made = await makeDataFolder();
  folders.push(made);
  return made;
};
const start = (dataDir: string, ...args: readonly string[]): Program => {
  const program = startProgram(localProgram, ['--data', dataDir, '--port', '0', ...args], {});
  started.push(program);
  return program;
};
const says = async (program: Program, pattern: RegExp): Promise<void> => {
  await eventually(
    `saying ${String(pattern)}`,
    async () => {
      if (pattern.test(program.stdout())) return true;
      if (!program.running()) throw new Error(`it ended:\n${program.stdout()}${program.stderr()}`);
      return undefined;
    },
    { withinMs: 280_000 },
  );
};
const leftOf = (dataDir: string): string[] =>
  spawnSync('ps', ['-axo', 'command='], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(dataDir));

/** The lines of the summary that tell what came of the quarter, not how long it took nor what was known before. */
const figures = (program: Program): string[] =>
  program
    .stdout()
    .split('\n')
    .filter((line) =>
      /^ {2}(awarded|nothing|waiting|in all|earned|redeemed|refunded|reversed|outstanding) /.test(
        line,
      ),
    );

afterAll(async () => {
  for (const program of started) {
    program.kill('SIGKILL');
    await program.ended;
  }
  for (const made of folders) await removeDataFolder(made);
});

/** The smoke run plays the whole quarter; these are about how it begins, breaks off and goes on. */
const weeks = ['--weeks', '5'];

describe('the sample', () => {
  let whole: Program;
  let wholeFolder: string;

  beforeAll(async () => {
    wholeFolder = await folder();
    whole = start(wholeFolder, '--once', ...weeks);
    await whole.ended;
  });

  it('plays a quarter, and every check of it holds', async () => {
    expect({ status: await whole.ended, stderr: whole.stderr() }).toMatchObject({ status: 0 });
    expect(whole.stdout()).toContain('Corner Shop Club');
    expect(whole.stdout().match(/^ {2}✓ /gm)).toHaveLength(8);
    expect(whole.stdout()).not.toContain('✗');
    expect(whole.stdout()).toMatch(
      /^Why +receipt \d of .*\n {2}awarded\n.* by version 1 of the rulebook$/m,
    );
    expect(whole.stdout()).toMatch(/level (bronze|silver|gold)/);
    expect(figures(whole)).toHaveLength(9);
    expect(leftOf(wholeFolder)).toEqual([]);
  });

  it('on data that are there changes nothing, says so, and serves until Ctrl-C', async () => {
    const again = start(wholeFolder, ...weeks);
    await says(again, /Look next/);
    expect(again.stdout()).toContain('All of them were known from an earlier run');
    expect(again.stdout()).not.toContain('✗');
    expect(figures(again)).toEqual(figures(whole));

    const [, command = ''] = /npm run tally -- (.*)/.exec(again.stdout()) ?? [];
    const tally = startProgram(tallyProgram, command.trim().split(' '), {
      TALLYSTICK_DATA: wholeFolder,
    });
    started.push(tally);
    expect({ status: await tally.ended, stderr: tally.stderr() }).toMatchObject({ status: 0 });
    expect(tally.stdout()).toContain('+');

    again.kill('SIGINT');
    expect(await again.ended).toBe(0);
    expect(await lastRunning(dataFolder(wholeFolder))).toBeUndefined();
    expect(leftOf(wholeFolder)).toEqual([]);
  });

  it('that is interrupted in the middle goes on at the next start, to the same end', async () => {
    const dataDir = await folder();
    const first = start(dataDir, '--once', ...weeks);
    await says(first, /quarter 2\d%/);
    first.kill('SIGINT');
    expect(await first.ended).toBe(130);
    expect(leftOf(dataDir)).toEqual([]);

    const killed = start(dataDir, '--once', ...weeks);
    await says(killed, /quarter 6\d%/);
    killed.kill('SIGKILL');
    await killed.ended;

    const last = start(dataDir, '--once', ...weeks);
    expect({ status: await last.ended, stderr: last.stderr() }).toMatchObject({ status: 0 });
    expect(last.stdout()).toMatch(/were known from an earlier run; [\d,]+ are new/);
    expect(figures(last)).toEqual(figures(whole));
    expect(leftOf(dataDir)).toEqual([]);
  });

  it('comes to the same in five processes', async () => {
    const dataDir = await folder();
    const five = start(dataDir, '--once', '--processes', ...weeks);
    expect({ status: await five.ended, stderr: five.stderr() }).toMatchObject({ status: 0 });
    expect(figures(five)).toEqual(figures(whole));
    expect(leftOf(dataDir)).toEqual([]);
  });
});
