/** Levenshtein's distance, up to where it matters. */
export const distance = (a: string, b: string): number => {
  if (Math.abs(a.length - b.length) > 3) return 4;
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      row.push(
        Math.min(
          (row[j - 1] ?? 0) + 1,
          (before[j] ?? 0) + 1,
          (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    }
    before = row;
  }
  return before[b.length] ?? 4;
};
