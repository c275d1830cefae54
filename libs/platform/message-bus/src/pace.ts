/** Says how long to wait, in ms, before the next turn: 0 for the first `burst` turns, then so that there is one in each `everyMs`. */
export type Pace = () => number;

/**
 * For work that costs the same for one item as for many: whoever is busy takes a turn now and then and finds more at a time, and
 * whoever was idle for a while (turns are saved up, `burst` of them at most) is not kept waiting.
 */
export const pace = (
  { burst, everyMs }: { readonly burst: number; readonly everyMs: number },
  now: () => number = () => performance.now(),
): Pace => {
  let saved = burst;
  let at = now();
  return () => {
    const time = now();
    saved = Math.min(burst, saved + (time - at) / everyMs) - 1;
    at = time;
    return saved >= 0 ? 0 : -saved * everyMs;
  };
};
