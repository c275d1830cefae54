import { SingleBar } from 'cli-progress';

/** Shows how far long work has come. */
export interface Progress {
  start(total: number): void;
  /** What is being done now, in a few words. */
  label(text: string): void;
  add(done: number): void;
  stop(): void;
}

const barWidth = 28;
/** Without a terminal a line is written at each of so many parts. */
const plainLines = 5;

/** A bar on a terminal; a few plain lines in a file or a log. */
export const progressOn = (output: NodeJS.WriteStream, title: string): Progress =>
  output.isTTY ? bar(output, title) : lines(output, title);

const bar = (output: NodeJS.WriteStream, title: string): Progress => {
  const single = new SingleBar({
    stream: output,
    format: `${title} [{bar}] {percentage}%  {value}/{total}  {label}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: barWidth,
    hideCursor: true,
    clearOnComplete: false,
    // Ctrl-C is handled by the program, which stops the bar.
    gracefulExit: false,
    linewrap: false,
  });
  let label = '';
  return {
    start: (total) => single.start(total, 0, { label }),
    label: (text) => {
      label = text;
      single.update({ label });
    },
    add: (done) => single.increment(done, { label }),
    stop: () => single.stop(),
  };
};

const lines = (output: NodeJS.WritableStream, title: string): Progress => {
  let [total, done, written, label] = [0, 0, 0, ''];
  return {
    start: (whole) => {
      total = whole;
    },
    label: (text) => {
      label = text;
    },
    add: (more) => {
      done += more;
      const part = Math.floor((done * plainLines) / Math.max(1, total));
      if (part === written) return;
      written = part;
      output.write(`${title} ${Math.floor((done * 100) / total)}%  ${done}/${total}  ${label}\n`);
    },
    stop: () => {},
  };
};
