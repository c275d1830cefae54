import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { benchmarks } from './benchmarks/index.js';
import type { Answer } from './harness/benchmark.js';
import { lazyBroker } from './harness/broker.js';
import { machine } from './harness/machine.js';
import { markdownOf, reportOf, writeReport } from './harness/report.js';
import { startServer } from './harness/server.js';

interface Options {
  readonly pairs: number;
  readonly quick: boolean;
  readonly postgres?: string;
  readonly out: string;
}

const pairsDefault = 7;
const outDefault = fileURLToPath(new URL('../../../.tallystick/bench', import.meta.url));

const positive = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new InvalidArgumentError('It is a whole number from 1 on.');
  }
  return number;
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const run = async (names: readonly string[], options: Options): Promise<void> => {
  const wanted = benchmarks.filter(({ name }) => names.length === 0 || names.includes(name));
  const at = machine();
  const starting = startServer(options.postgres);
  const broker = lazyBroker();
  // Whoever ends us early leaves no server behind.
  const end = (): void =>
    void Promise.allSettled([starting.then((one) => one.stop()), broker.stop()]).finally(() =>
      process.exit(1),
    );
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  const server = await starting;
  try {
    const answers: Answer[] = [];
    for (const benchmark of wanted) {
      say(`\n${benchmark.name}: ${benchmark.about}`);
      answers.push(...(await benchmark.run({ ...options, server, broker, say })));
    }
    const report = reportOf(server, at, { pairs: options.pairs, quick: options.quick }, answers);
    await writeReport(options.out, report);
    process.stdout.write(markdownOf(report));
    say(`Also in ${path.join(options.out, 'latest.md')} and latest.json.`);
  } finally {
    await broker.stop();
    await server.stop();
  }
};

await new Command('bench')
  .description('Measures our parts against honest baselines, in turn, on one PostgreSQL.')
  .addArgument(
    new Argument('[names...]', 'benchmarks; all without one').choices(
      benchmarks.map(({ name }) => name),
    ),
  )
  .option('--pairs <n>', 'pairs of runs that count', positive, pairsDefault)
  .option('--quick', 'smoke sizes: runs and checks everything, measures nothing', false)
  .option('--postgres <url>', 'a PostgreSQL to use, as a superuser, instead of starting one')
  .option('--out <folder>', 'where the tables go', outDefault)
  .addHelpText(
    'after',
    `\nBenchmarks:\n${benchmarks.map(({ name, about }) => `  ${name.padEnd(20)}${about}`).join('\n')}`,
  )
  .action(async (names: readonly string[], options: Options) => run(names, options))
  .parseAsync();
