import {
  accountId,
  factId,
  memberId,
  streamName,
  type AccountId,
  type FactId,
  type MemberId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import type { CardTokens } from '@tallystick/service-host';

/** 32 hex digits as a UUID of version 8 (RFC 9562, section 5.8: the other bits are ours). */
const uuid8 = (hex: string): string =>
  [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${((parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');

/**
 * The ids that an enrolment's idempotency key leads to: the same on every database of a deployment, whoever calls.
 * They come from the keyed function that makes card tokens. No card number holds a NUL, so none has a token like these.
 */
export const memberIds = (
  cardTokens: CardTokens,
  program: ProgramId,
  key: string,
): { readonly member: MemberId; readonly account: AccountId } => {
  const id = (kind: string): string => uuid8(cardTokens.tokenOf(program, `${kind}\0${key}`));
  return { member: memberId(id('member')), account: accountId(id('account')) };
};

/** The fact that a member was enrolled, with the cards it came with. */
export const enrolmentFact = (program: ProgramId, member: MemberId): FactId =>
  factId('member', program, member);

/** The fact that a card was linked later. The key itself may say something about a person: only its token is used. */
export const linkFact = (
  cardTokens: CardTokens,
  program: ProgramId,
  member: MemberId,
  key: string,
): FactId => factId('cardlink', program, member, cardTokens.tokenOf(program, `cardlink\0${key}`));

/** The fact that a card left a member's account. */
export const unlinkFact = (
  cardTokens: CardTokens,
  program: ProgramId,
  member: MemberId,
  key: string,
): FactId =>
  factId('cardunlink', program, member, cardTokens.tokenOf(program, `cardunlink\0${key}`));

export const memberStream = (program: ProgramId, member: MemberId): StreamName =>
  streamName('member', program, member);
