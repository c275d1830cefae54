import { problem } from '../problem.js';

/** `service`: one of ours, which asks another one; no person has it. */
export const roles = [
  'member',
  'store',
  'partner',
  'manager',
  'auditor',
  'ops',
  'service',
] as const;
export type Role = (typeof roles)[number];

/** Everything of its kind, or the listed ones only. */
export type Scope = '*' | readonly string[];

/** Who calls, as the bearer token says. A scope that the token does not name is empty. */
export interface Caller {
  readonly subject: string;
  readonly roles: readonly Role[];
  readonly programs: Scope;
  readonly chains: Scope;
  /** Store numbers, within the caller's chains. */
  readonly stores: Scope;
  readonly partner?: string;
  readonly member?: string;
  readonly account?: string;
}

const covers = (scope: Scope, value: string): boolean => scope === '*' || scope.includes(value);
const notYours = (what: string) =>
  problem({
    status: 403,
    type: 'forbidden',
    title: 'Your token does not allow this',
    detail: `Your token does not cover this ${what}.`,
  });

export const hasRole = (caller: Caller, ...any: readonly Role[]): boolean =>
  any.some((role) => caller.roles.includes(role));

/** Throws problem 403 unless the caller's token covers the programme. */
export const mayProgram = (caller: Caller, program: string): void => {
  if (!covers(caller.programs, program)) throw notYours('programme');
};

/** Throws problem 403 unless the caller's token covers the chain. */
export const mayChain = (caller: Caller, { chain }: { readonly chain: string }): void => {
  if (!covers(caller.chains, chain)) throw notYours('chain');
};

/** Throws problem 403 unless the caller's token covers the chain and the store. */
export const mayStore = (
  caller: Caller,
  at: { readonly chain: string; readonly store: string },
): void => {
  mayChain(caller, at);
  if (!covers(caller.stores, at.store)) throw notYours('store');
};

/** Throws problem 403 unless the caller has one of the roles, or is that very member. */
export const mayMember = (caller: Caller, member: string, ...others: readonly Role[]): void => {
  if (!hasRole(caller, ...others) && caller.member !== member) throw notYours('member');
};

/** Throws problem 403 unless the caller has one of the roles, or the token names that very account. */
export const mayAccount = (caller: Caller, account: string, ...others: readonly Role[]): void => {
  if (!hasRole(caller, ...others) && caller.account !== account) throw notYours('account');
};

/** Throws problem 403 unless the caller has one of the roles, or is that very partner. */
export const mayPartner = (caller: Caller, partner: string, ...others: readonly Role[]): void => {
  if (!hasRole(caller, ...others) && caller.partner !== partner) throw notYours('partner');
};
