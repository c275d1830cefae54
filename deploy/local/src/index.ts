export {
  startLocalSystem,
  type LocalSystem,
  type LocalSystemOptions,
} from './system/local-system.js';
export { AlreadyRunning } from './data/running.js';
export { PortInUse } from './front-door/port-in-use.js';
