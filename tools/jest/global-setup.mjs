import { fromTestingBuild } from './testing-build.mjs';

/** Starts the one PostgreSQL that all the tests of this run make their databases on. */
export default async (globalConfig, projectConfig) => {
  const setup = await fromTestingBuild('jest-global-setup', { build: true });
  await setup(globalConfig, projectConfig);
};
