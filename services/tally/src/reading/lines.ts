import { UnreadableFile } from './unreadable-file.js';

/** Characters of one line; a longer one means that this is no text of rows at all. */
export const lineCharsMax = 1_048_576;

/** A line of the file's text, without its end. */
export interface Line {
  /** From 1, as an editor counts. */
  readonly number: number;
  readonly text: string;
}

/** Splits bytes into lines, in blocks of about a chunk. Ends are LF or CRLF; a byte order mark is no part of the text. */
export async function* linesOf(
  bytes: AsyncIterable<Buffer>,
  encoding: string,
): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder(encoding);
  let number = 0;
  let rest = '';
  const line = (text: string): Line => ({
    number: (number += 1),
    text: text.endsWith('\r') ? text.slice(0, -1) : text,
  });
  const split = (text: string): Line[] => {
    const parts = text.split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > lineCharsMax)
      throw new UnreadableFile(
        `line ${number + parts.length + 1} has no end within ${lineCharsMax} characters`,
      );
    return parts.map(line);
  };
  for await (const chunk of bytes) {
    const block = split(rest + decoder.decode(chunk, { stream: true }));
    if (block.length > 0) yield block;
  }
  const last = split(rest + decoder.decode());
  if (rest !== '') last.push(line(rest));
  if (last.length > 0) yield last;
}
