import { describe, expect, it } from '@jest/globals';
import { accountMemoryOf, accountMemoryVariables } from './account-memory.js';

describe('memory for accounts', () => {
  const read = (mib?: string) =>
    accountMemoryVariables.parse(mib === undefined ? {} : { TALLYSTICK_ACCOUNT_MEMORY_MIB: mib });

  it('is what the environment says, in MiB, or nothing', () => {
    expect(accountMemoryOf(read('512'))).toEqual({ bytesMax: 536_870_912 });
    expect(accountMemoryOf(read())).toEqual({});
  });

  it.each(['0', '-1', '1.5', '1G', '1000000'])('is not %p', (mib) => {
    expect(() => read(mib)).toThrow();
  });
});
