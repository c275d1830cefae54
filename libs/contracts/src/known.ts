/** Whether a check takes a value: for zod's `refine`, of checks that throw on what they do not know. */
export const known = (check: (value: string) => unknown) => (value: string) => {
  try {
    check(value);
    return true;
  } catch {
    return false;
  }
};
