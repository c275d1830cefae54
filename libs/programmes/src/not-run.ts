import type { Rulebook } from '@tallystick/rulebook';

/** A part of a document that this release takes no action for. */
export interface NotRun {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const message = 'is not run by this release yet: leave it out';

/** What the format has room for, and no service acts on: taken in silence it would be a promise that nobody keeps. */
export const notRun = ({ certificates }: Rulebook): NotRun[] =>
  certificates === undefined ? [] : [{ path: ['certificates'], message }];
