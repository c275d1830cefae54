/** Remembers the last so many texts that were added, and forgets the oldest beyond that. */
export interface BoundedSet {
  readonly has: (text: string) => boolean;
  /** Adding one again makes it the newest. */
  readonly add: (text: string) => void;
}

export const boundedSet = (max: number): BoundedSet => {
  // A Set keeps the order of insertion.
  const texts = new Set<string>();
  return {
    has: (text) => texts.has(text),
    add: (text) => {
      texts.delete(text);
      texts.add(text);
      if (texts.size > max) for (const oldest of texts) return void texts.delete(oldest);
    },
  };
};
