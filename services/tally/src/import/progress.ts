import cliProgress from 'cli-progress';

export interface Reached {
  readonly bytesRead: number;
  readonly rows: number;
  readonly receipts: number;
}

/** Shows how far an import is, on standard error: a bar for a person, a line every few seconds for a log. */
export interface Progress {
  update(reached: Reached): void;
  /** Says something in between. */
  note(message: string): void;
  stop(): void;
}

const lineEveryMs = 5_000;

const whole = new Intl.NumberFormat('en-GB');

export const quietProgress = (note: (message: string) => void): Progress => ({
  update: () => undefined,
  note,
  stop: () => undefined,
});

/** `size` is the file's, null if unknown: then there is no share of it to show. `what` its rows become. */
export const showProgress = (
  out: NodeJS.WriteStream,
  size: number | null,
  what = 'receipts',
): Progress => (out.isTTY && size !== null ? bar(out, size, what) : lines(out, size, what));

const bar = (out: NodeJS.WriteStream, size: number, what: string): Progress => {
  const shown = new cliProgress.SingleBar({
    stream: out,
    format: `{bar} {percentage} %  {rows} rows, {receipts} ${what}  {eta_formatted} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
  });
  shown.start(size, 0, { rows: '0', receipts: '0' });
  return {
    update: ({ bytesRead, rows, receipts }) => {
      shown.update(Math.min(bytesRead, size), {
        rows: whole.format(rows),
        receipts: whole.format(receipts),
      });
    },
    note: (message) => out.write(`\r\u001B[K${message}\n`),
    stop: () => shown.stop(),
  };
};

const lines = (out: NodeJS.WriteStream, size: number | null, what: string): Progress => {
  let nextMs = performance.now() + lineEveryMs;
  return {
    update: ({ bytesRead, rows, receipts }) => {
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + lineEveryMs;
      const share = size === null ? '' : `${Math.floor((bytesRead / size) * 100)} %, `;
      out.write(`${share}${whole.format(rows)} rows, ${whole.format(receipts)} ${what}\n`);
    },
    note: (message) => out.write(`${message}\n`),
    stop: () => undefined,
  };
};
