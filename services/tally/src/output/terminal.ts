/** Where a command's words go: the answer to standard output, everything else to standard error. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly note: (text: string) => void;
  readonly stderr: NodeJS.WriteStream;
}

export const processTerminal: Terminal = {
  out: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
  stderr: process.stderr,
};
