import { execFileSync } from 'node:child_process';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Load of the last minute when the run began: others were at work if it is not near zero. */
  readonly loadAtStart: number;
  /** The commit that was measured, with `+` when files differed from it. */
  readonly commit: string;
}

const git = (...args: readonly string[]): string => {
  try {
    return execFileSync('git', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
};

export const machine = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  processors: cpus().length,
  memoryBytes: totalmem(),
  system: `${platform()} ${release()} ${arch()}`,
  node: process.version,
  loadAtStart: loadavg()[0] ?? 0,
  commit: `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '-uno') === '' ? '' : '+'}`,
});
