import { once } from 'node:events';
import { createServer } from 'node:net';
import { defaultPorts, localPort, serviceNames, type ServiceName } from '@tallystick/contracts';
import { CannotStart } from '@tallystick/embedded-postgres';
import { codeOf } from '../error-code.js';
import { frontDoorPortMax, holderOf, PortInUse } from '../front-door/port-in-use.js';
import { perService } from './services.js';

/**
 * Where each service listens that is a process of its own: on the five ports after the front door's, in the order of their own default
 * ports. Throws `CannotStart` where there are not as many, and `PortInUse` where somebody listens on one of them.
 */
export const servicePortsAfter = async (
  frontDoor: number,
): Promise<Readonly<Record<ServiceName, number>>> => {
  if (frontDoor > frontDoorPortMax)
    throw new CannotStart(
      `the five services need the ports after ${frontDoor}: choose one of at most ${frontDoorPortMax}`,
    );
  const ports = perService((name) => frontDoor + defaultPorts[name] - localPort);
  for (const name of serviceNames) {
    const port = ports[name];
    if (await isTaken(port)) throw new PortInUse(port, await holderOf(port), { name, frontDoor });
  }
  return ports;
};

const isTaken = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return true;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return false;
};
