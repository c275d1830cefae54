import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { masterKeys } from './master-keys.js';
import { MasterKeyUnknown, open, rewrap, seal } from './sealed.js';

const freshKey = (): Buffer => randomBytes(32);
const plain = Buffer.from('{"name":"Zofia"}');
const keys = masterKeys(freshKey());

describe('a sealed text', () => {
  it('opens under its master key and its context', () => {
    expect(open(keys, 'member/1', seal(keys, 'member/1', plain))).toEqual(plain);
  });

  it('may be empty, and may be large', () => {
    for (const text of [Buffer.alloc(0), randomBytes(1 << 20)])
      expect(open(keys, 'c', seal(keys, 'c', text)).equals(text)).toBe(true);
  });

  it('is never the same twice, so that equal texts cannot be seen', () => {
    const [a, b] = [seal(keys, 'c', plain), seal(keys, 'c', plain)];
    expect(a.box.equals(b.box)).toBe(false);
    expect(a.wrappedKey.equals(b.wrappedKey)).toBe(false);
  });

  it('does not open in another row', () => {
    expect(() => open(keys, 'member/2', seal(keys, 'member/1', plain))).toThrow();
  });

  it('does not open when any byte of it was altered', () => {
    const sealed = seal(keys, 'c', plain);
    for (const part of ['box', 'wrappedKey'] as const)
      for (let at = 0; at < sealed[part].length; at += 1) {
        const altered = Buffer.from(sealed[part]);
        altered[at] = (altered[at] ?? 0) ^ 1;
        expect(() => open(keys, 'c', { ...sealed, [part]: altered })).toThrow();
      }
  });

  it('names the master key that is missing', () => {
    const sealed = seal(keys, 'c', plain);
    expect(() => open(masterKeys(freshKey()), 'c', sealed)).toThrow(MasterKeyUnknown);
    expect(() => open(masterKeys(freshKey()), 'c', sealed)).toThrow(keys.current.id);
  });

  it('is wrapped again under a new master key without touching the text, after which the old one can go', () => {
    const [before, after] = [freshKey(), freshKey()];
    const sealed = seal(masterKeys(before), 'c', plain);
    const moved = rewrap(masterKeys(after, [before]), 'c', sealed);
    expect(moved.box).toBe(sealed.box);
    expect(open(masterKeys(after), 'c', moved)).toEqual(plain);
    expect(() => open(masterKeys(before), 'c', moved)).toThrow(MasterKeyUnknown);
  });
});

describe('a master key', () => {
  it('is refused unless it has 32 bytes', () => {
    for (const length of [0, 31, 33])
      expect(() => masterKeys(randomBytes(length))).toThrow('32 bytes');
  });

  it('has an id that does not hold the key', () => {
    const key = freshKey();
    const { id } = masterKeys(key).current;
    expect(id).toMatch(/^mk_[0-9a-f]{16}$/);
    expect(key.toString('hex')).not.toContain(id.slice(3));
  });
});
