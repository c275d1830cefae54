/** A line of the test's own, for whoever reads the run: figures, durations, points of a cut. */
export const say = (line: string): void => {
  process.stdout.write(`  ${line}\n`);
};

/** Does something, and says how long it took. */
export const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const startedMs = performance.now();
  const result = await work();
  say(`${what}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  return result;
};
