import { z } from 'zod';
import { CannotStart } from '@tallystick/embedded-postgres';
import { codeOf } from '../error-code.js';

const askWithinMs = 1_000;
const ours = z.object({ system: z.literal('tallystick'), pid: z.int() });

/** The front door's port is taken. */
export class PortInUse extends CannotStart {
  constructor(
    readonly port: number,
    /** The process that has it, if it is a Tallystick. */
    readonly pid: number | undefined,
  ) {
    const holder = pid === undefined ? 'another program' : `another Tallystick (process ${pid})`;
    super(
      `port ${port} on 127.0.0.1 is taken by ${holder}. Stop that one, or choose another port: ` +
        `npm start -- --port ${port === 65_535 ? 7_400 : port + 1}, or the variable TALLYSTICK_PORT (0: any free one)`,
    );
  }
}

/** What a failed `listen` says to a person. */
export const portTakenBy = async (error: unknown, port: number): Promise<unknown> => {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return new PortInUse(port, await holderOf(port));
  if (code === 'EACCES') {
    return new CannotStart(
      `this user may not listen on port ${port}. Choose one above 1023: npm start -- --port 7400`,
      { cause: error },
    );
  }
  return error;
};

const holderOf = async (port: number): Promise<number | undefined> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(askWithinMs),
    });
    return ours.parse(await response.json()).pid;
  } catch {
    return undefined;
  }
};
