import { mergeInOrdinal } from '@tallystick/accounts';
import type { AccountId, Instant, ProgramId } from '@tallystick/kernel';
import { decideMergeIn, evolve } from '@tallystick/ledger';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { rulebookAt, type Program } from '../programs/catalog.js';
import type { Workspace } from './workspace.js';

/**
 * An account, the one that it became part of, and so on, as far as is loaded; the last one is where its points are.
 *
 * There is no way round: an account that was merged does nothing more, so it never takes another one over, and one that took
 * another over refuses to become part of it. Two accounts that merge into each other at one moment would need both appends to go through,
 * and each expects the revision that the other one changes. Throws if it happens all the same.
 */
export const chainOf = (
  workspace: Workspace,
  program: ProgramId,
  account: AccountId,
): readonly AccountId[] => {
  const chain = [account];
  for (let next = successorOf(workspace, program, account); next !== null;) {
    if (chain.includes(next)) throw new Error(`accounts ${chain.join(', ')} lead to each other`);
    chain.push(next);
    next = successorOf(workspace, program, next);
  }
  return chain;
};

const successorOf = (
  workspace: Workspace,
  program: ProgramId,
  account: AccountId,
): AccountId | null => workspace.accountIfLoaded(program, account)?.mergedInto ?? null;

/** Where an account's points are by now: itself, or the last of its successors. */
export const homeOf = (workspace: Workspace, program: ProgramId, account: AccountId): AccountId =>
  chainOf(workspace, program, account).at(-1) ?? account;

/**
 * Makes sure that the successor of an account has taken over all that led to it, in the same write if it has not yet: until then it does
 * not know what was known there. Returns the successor.
 */
export const arriveAt = (
  workspace: Workspace,
  program: Program,
  account: AccountId,
  at: Instant,
): AccountId => {
  const chain = chainOf(workspace, program.id, account);
  const home = chain.at(-1) ?? account;
  // The nearest first: what it had taken over comes along with it.
  for (const source of chain.slice(0, -1).reverse()) {
    if (workspace.account(program.id, home).state.absorbed.has(source)) continue;
    const left = workspace.account(program.id, source).left();
    if (left === null) throw new Error(`how account ${source} left was not loaded`);
    const state = workspace.toDecideOn(program.id, home);
    const book = rulebookAt(program, at)?.book;
    const policy = book === undefined ? undefined : arrearsPolicyOf(book);
    const decision = decideMergeIn(state, left.merge, at, policy);
    if (decision.kind !== 'absorbed')
      throw new Error(`account ${home} cannot take over ${source}: ${decision.kind}`);
    evolve(state, decision.event);
    const metadata = { ...left.metadata, occurredAt: at, recordedAt: at };
    const { fact } = left.merge;
    workspace.recordLedger(program.id, home, fact, [decision.event], metadata, mergeInOrdinal);
  }
  return home;
};
