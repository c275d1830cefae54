/** Finds a cell in a row. */
export interface Column {
  readonly index: number;
  /** For messages: `column InvoiceNo`. */
  readonly label: string;
}

/** The columns of one file, as a mapping asks for them. */
export interface Columns {
  /** By name in the header, or by number from 1. What is not there is noted in `missing`. */
  readonly find: (column: string | number) => Column;
  /** What the mapping asks for and the file does not have, in words. */
  readonly missing: ReadonlySet<string>;
  /** How many cells a row has. */
  readonly count: number;
}

/** `header` is the file's first row; null if the mapping says there is none. */
export const columnsOf = (header: readonly string[] | null, count: number): Columns => {
  const missing = new Set<string>();
  const names = header?.map((name) => name.trim()) ?? [];
  const absent = (why: string): Column => {
    missing.add(why);
    return { index: -1, label: '' };
  };
  const byNumber = (number: number): Column =>
    number <= count
      ? { index: number - 1, label: `column ${number}` }
      : absent(`the mapping names column ${number}, but the file has ${count}`);
  const byName = (name: string): Column => {
    if (header === null)
      return absent(`the mapping names column "${name}", and says that the file has no header`);
    const index = names.indexOf(name);
    if (index < 0) {
      // The header is not listed: if there is none, these are the first row's cells, a card number among them.
      const alike = names.find((other) => other.toLowerCase() === name.toLowerCase());
      return absent(
        `the file's header has no column "${name}"${alike === undefined ? '' : `, but "${alike}"`}`,
      );
    }
    if (names.includes(name, index + 1))
      return absent(`the file's header has column "${name}" twice: name it by its number`);
    return { index, label: `column ${name}` };
  };
  return {
    find: (column) => (typeof column === 'number' ? byNumber(column) : byName(column)),
    missing,
    count,
  };
};
