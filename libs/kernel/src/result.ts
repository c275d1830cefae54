/** A business answer: either what was asked for, or a typed reason why not. Bugs throw; answers do not. */
export type Result<T, E> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({
  ok: false,
  error,
});

/** States an invariant. A broken one is a bug: it throws, loudly, with what was expected. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** More than is kept of anything: points, or minor units of money, beyond 2^53 - 1. Who decides for others makes an answer of it. */
export class BeyondLimits extends Error {
  constructor(what: string) {
    super(`beyond 2^53 - 1: ${what}`);
    this.name = 'BeyondLimits';
  }
}

/** A newer release wrote what this one does not know. Nothing is decided without it; it passes when this process is upgraded, too. */
export class WrittenByNewer extends Error {
  constructor(what: string, schemaVersion: number) {
    super(`this release does not understand ${what} version ${schemaVersion}: upgrade it`);
    this.name = 'WrittenByNewer';
  }
}

/** Marks a branch that the types say cannot be reached. */
export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
};
