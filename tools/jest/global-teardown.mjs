import { fromTestingBuild } from './testing-build.mjs';

/** Stops what global-setup.mjs started. */
export default async (globalConfig, projectConfig) => {
  const teardown = await fromTestingBuild('jest-global-teardown', { build: false });
  await teardown(globalConfig, projectConfig);
};
