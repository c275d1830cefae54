import { describe, expect, it } from '@jest/globals';
import { mayAccount, mayMember, mayPartner, mayProgram, mayStore, type Caller } from './caller.js';

const caller = (given: Partial<Caller>): Caller => ({
  subject: 's',
  roles: [],
  programs: [],
  chains: [],
  stores: [],
  ...given,
});
const allowed = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};

describe('scopes', () => {
  it('cover what they list, or everything; a missing one covers nothing', () => {
    expect(allowed(() => mayProgram(caller({ programs: ['p'] }), 'p'))).toBe(true);
    expect(allowed(() => mayProgram(caller({ programs: '*' }), 'p'))).toBe(true);
    expect(allowed(() => mayProgram(caller({ programs: ['q'] }), 'p'))).toBe(false);
    expect(allowed(() => mayProgram(caller({}), 'p'))).toBe(false);
  });

  it('of a store need its chain and its number', () => {
    const at = { chain: 'acme', store: '12' };
    expect(allowed(() => mayStore(caller({ chains: ['acme'], stores: '*' }), at))).toBe(true);
    expect(allowed(() => mayStore(caller({ chains: ['acme'], stores: ['13'] }), at))).toBe(false);
    expect(allowed(() => mayStore(caller({ chains: ['other'], stores: '*' }), at))).toBe(false);
  });

  it('of one person or company hold for that one, and for the roles that are named', () => {
    const member = caller({ roles: ['member'], member: 'm', account: 'a' });
    expect(allowed(() => mayMember(member, 'm', 'manager'))).toBe(true);
    expect(allowed(() => mayMember(member, 'n', 'manager'))).toBe(false);
    expect(allowed(() => mayMember(caller({ roles: ['manager'] }), 'n', 'manager'))).toBe(true);
    expect(allowed(() => mayAccount(member, 'a'))).toBe(true);
    expect(allowed(() => mayAccount(member, 'b'))).toBe(false);
    expect(allowed(() => mayPartner(caller({ partner: 'air' }), 'air'))).toBe(true);
    expect(allowed(() => mayPartner(caller({}), 'air'))).toBe(false);
  });
});
