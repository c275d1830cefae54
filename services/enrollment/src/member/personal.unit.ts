import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { instant, memberId, programId } from '@tallystick/kernel';
import { masterKeys } from '@tallystick/sealing';
import {
  isFutureDay,
  openPersonal,
  orNothing,
  personalData,
  samePersonal,
  sealPersonal,
} from './personal.js';

const takes = (personal: unknown): boolean => personalData.safeParse(personal).success;

describe('personal data', () => {
  it('may be given in part', () => {
    expect(takes({})).toBe(true);
    expect(
      takes({
        name: 'Zofia Żółć',
        email: 'z.zolc+shop@example.com',
        birthday: '1996-02-29',
        phone: '+48 600 100 200',
      }),
    ).toBe(true);
  });

  it.each([
    ['an email without a domain', { email: 'zofia@' }],
    ['an email with a line break', { email: 'zofia@example.com\nBcc: all@example.com' }],
    ['29 February of a common year', { birthday: '1995-02-29' }],
    ['the 13th month', { birthday: '1995-13-01' }],
    ['a birthday with a time', { birthday: '1995-01-01T00:00:00Z' }],
    ['a birthday before anyone alive', { birthday: '1899-12-31' }],
    ['an empty name', { name: '   ' }],
    ['a name with a NUL', { name: 'Zo\u0000fia' }],
    ['half a surrogate pair', { name: 'Zofia \ud83d' }],
    ['a phone of letters', { phone: 'call me' }],
    ['a field that nobody asked for', { iban: 'PL61109010140000071219812874' }],
    ['something else', 'Zofia'],
  ])('refuses %s', (_, personal) => {
    expect(takes(personal)).toBe(false);
  });

  it('without any content is the same as none', () => {
    expect(orNothing({})).toBeNull();
    expect(orNothing(undefined)).toBeNull();
    expect(orNothing({ name: 'Z' })).toEqual({ name: 'Z' });
  });

  it('is the same whatever the order of its fields', () => {
    expect(samePersonal({ name: 'Z', phone: '12345' }, { phone: '12345', name: 'Z' })).toBe(true);
    expect(samePersonal({ name: 'Z' }, { name: 'z' })).toBe(false);
    expect(samePersonal(null, { name: 'z' })).toBe(false);
  });

  it('opens only as the member that it is of', () => {
    const keys = masterKeys(randomBytes(32));
    const program = programId('p');
    const [one, other] = [memberId('one'), memberId('other')];
    const sealed = sealPersonal(keys, { program, member: one }, { name: 'Zofia' });
    expect(openPersonal(keys, { program, member: one }, sealed)).toEqual({ name: 'Zofia' });
    expect(() => openPersonal(keys, { program, member: other }, sealed)).toThrow();
    expect(Buffer.concat([sealed.box, sealed.wrappedKey]).includes('Zofia')).toBe(false);
  });
});

describe('a birthday', () => {
  it('may be today wherever on Earth today is', () => {
    const now = instant('2026-01-31T11:00:00Z');
    expect(isFutureDay('2026-02-01', now)).toBe(false);
    expect(isFutureDay('2026-02-02', now)).toBe(true);
  });
});
