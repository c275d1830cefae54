export {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './start.js';
export { removeData } from './placement.js';
export {
  CannotStart,
  DataFolderUnusable,
  DataInUse,
  PlatformUnusable,
  PortTaken,
  StartFailed,
} from './errors.js';
