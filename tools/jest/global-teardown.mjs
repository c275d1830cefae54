import { fromTestingBuild } from './testing-build.mjs';

export default async () => {
  const teardown = await fromTestingBuild('jest-global-teardown', { build: false });
  await teardown();
};
