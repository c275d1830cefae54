import { z } from 'zod';
import { localPort, serviceNames, type ServiceName } from '@tallystick/contracts';
import { CannotStart } from '@tallystick/embedded-postgres';
import { codeOf } from '../error-code.js';

const askWithinMs = 1_000;
const ours = z.object({ system: z.literal('tallystick'), pid: z.int() });

/** With `--processes`, each service listens on one of the ports after the front door's. */
export const frontDoorPortMax = 65_535 - serviceNames.length;
/** Between the ports of two systems: room for the services of both. */
const portsApart = 10;

/** A port that the system needs is taken. */
export class PortInUse extends CannotStart {
  constructor(
    readonly port: number,
    /** The process that has it, if it is a Tallystick's front door. */
    readonly pid: number | undefined,
    /** Whose port it was to be; without it: the front door's. */
    service?: { readonly name: ServiceName; readonly frontDoor: number },
  ) {
    const holder = pid === undefined ? 'another program' : `another Tallystick (process ${pid})`;
    const wanted = service === undefined ? '' : `, which ${service.name} needs,`;
    const options = service === undefined ? '--port' : '--processes --port';
    super(
      `port ${port} on 127.0.0.1${wanted} is taken by ${holder}. Stop that one, or choose another port: ` +
        `npm start -- ${options} ${portBeside(service?.frontDoor ?? port)}, or the variable TALLYSTICK_PORT (0: any free one)`,
    );
  }
}

const portBeside = (port: number): number =>
  port + portsApart > frontDoorPortMax ? localPort : port + portsApart;

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

/** The process of the Tallystick whose front door has this port; undefined: another program has it. */
export const holderOf = async (port: number): Promise<number | undefined> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(askWithinMs),
    });
    return ours.parse(await response.json()).pid;
  } catch {
    return undefined;
  }
};
