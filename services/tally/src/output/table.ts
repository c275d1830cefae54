/** Lays rows out in columns: `left` and `right` say on which side the text of each column stands. */
export const table = (
  rows: readonly (readonly string[])[],
  sides: readonly ('left' | 'right')[],
): string => {
  const widths = sides.map((_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      sides
        .map((side, column) => {
          const width = widths[column] ?? 0;
          const text = row[column] ?? '';
          return side === 'left' ? text.padEnd(width) : text.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const grouped = new Intl.NumberFormat('en-GB');
/** `245903` -> `245,903`. Digits in a string: a sum of many accounts that is beyond 2^53 - 1. */
export const whole = (number: number | string): string =>
  grouped.format(typeof number === 'string' ? BigInt(number) : number);
