import { ProblemException, type PositionWait } from '@tallystick/service-host';
import type { CatchUp } from './catch-up.js';

/** Whether every account is known that was opened before a position of the store. */
export const heardOfAll = async (
  { catchUp, positions }: { readonly catchUp: CatchUp; readonly positions: PositionWait },
  position: bigint,
): Promise<boolean> => {
  if (!(await catchUp.isDone())) return false;
  try {
    await positions.reached(String(position));
    return true;
  } catch (error) {
    if (error instanceof ProblemException) return false;
    throw error;
  }
};
