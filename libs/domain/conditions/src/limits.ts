/** A condition is a sentence, not a program. Its cost grows with its length and with the lists it looks into, and with nothing else. */
export const conditionLimits = {
  charsMax: 2_000,
  /** Brackets, operators and calls within each other. */
  depthMax: 40,
  nodesMax: 300,
  listItemsMax: 1_000,
} as const;
