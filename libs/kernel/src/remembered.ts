/** A function of a text that keeps its last answers, `max` of them at most: for what is asked again and again, and takes long. */
export const remembered = <T>(max: number, make: (key: string) => T): ((key: string) => T) => {
  const kept = new Map<string, T>();
  return (key) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = make(key);
    if (kept.size >= max) kept.clear();
    kept.set(key, made);
    return made;
  };
};
