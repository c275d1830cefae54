import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@tallystick/contracts';

/** The folder of the whole project: the same above our sources and above what is built of them. */
const root = fileURLToPath(new URL('../../..', import.meta.url));

export const defaultDataDir = path.join(root, '.tallystick');
export const sampleProgrammeFile = path.join(root, 'deploy/local/sample/programme.yaml');

/** What a service runs as a process of its own. */
export const serviceMain = (service: ServiceName): string =>
  path.join(root, 'services', service, 'dist', 'main.js');

/** Loaded into each service's process before it; see `parent-watch.ts`. */
export const parentWatchModule = new URL('../dist/system/parent-watch.js', import.meta.url).href;
