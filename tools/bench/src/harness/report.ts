import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { markdownTable } from 'markdown-table';
import type { Answer, Effort } from './benchmark.js';
import { figuresOf, type Figures, type Spread } from './figures.js';
import type { Machine } from './machine.js';
import type { Server } from './server.js';

/** Everything that a reader needs to judge a figure, or to get it again. */
export interface Report {
  readonly at: string;
  readonly machine: Machine;
  readonly postgres: string;
  readonly settings: Server['settings'];
  readonly effort: Effort;
  readonly answers: readonly (Answer & { readonly figures: Figures })[];
}

export const reportOf = (
  server: Server,
  machine: Machine,
  effort: Effort,
  answers: readonly Answer[],
): Report => ({
  at: new Date().toISOString(),
  machine,
  postgres: server.version,
  settings: server.settings,
  effort,
  answers: answers.map((answer) => ({ ...answer, figures: figuresOf(answer) })),
});

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
const rate = (value: number): string => Math.round(value).toLocaleString('en-GB');
const two = (value: number): string => value.toFixed(2);
const spread = ({ median, min, max }: Spread, shown: (value: number) => string): string =>
  `${shown(median)} (${shown(min)} - ${shown(max)})`;

/** The table, what stands behind each line, and the machine. */
export const markdownOf = (report: Report): string => {
  const { machine, effort, answers } = report;
  const rows = answers.map(({ title, unit, aim, figures, peaks }) => [
    title,
    spread(figures.ratio, two),
    aim === null ? '' : `>= ${aim}`,
    `${spread(figures.ours, rate)} ${unit}/s`,
    `${spread(figures.baseline, rate)} ${unit}/s`,
    (peaks ?? []).map(({ of, bytes }) => `${of}: ${mebibytes(bytes)}`).join('; '),
  ]);
  const head = ['benchmark', 'ours / baseline', 'aim', 'ours', 'baseline', 'peak memory'];
  return `# Benchmarks, ${report.at}

${effort.quick ? 'A smoke run: sizes at which a figure means nothing.\n\n' : ''}Median of ${effort.pairs} pairs, run in turn, with least and greatest. Ratios are what counts; absolute values are this machine's, at this moment.

${markdownTable([head, ...rows])}

${answers.map(({ title, ours, baseline, skips, checked }) => `- **${title}**: ${ours}, against ${baseline}. The baseline skips: ${skips}. Checked: ${checked}.`).join('\n')}

${machine.processors} x ${machine.processor}, ${mebibytes(machine.memoryBytes)}, ${machine.system}, load ${two(machine.loadAtStart)} at the start; Node ${machine.node}; ${report.postgres} (${Object.entries(
    report.settings,
  )
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}); commit ${machine.commit}.
`;
};

/** Writes the report as Markdown and JSON, named for its time and as `latest`; returns the folder. */
export const writeReport = async (folder: string, report: Report): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const stamp = report.at.replace(/[:.]/g, '-');
  for (const name of [stamp, 'latest']) {
    await writeFile(path.join(folder, `${name}.md`), markdownOf(report));
    await writeFile(path.join(folder, `${name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
  }
};
