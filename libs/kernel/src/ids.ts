import { remembered } from './remembered.js';

declare const brand: unique symbol;
/** A string that may only be used where its own kind is asked for. */
export type Branded<Kind extends string> = string & { readonly [brand]: Kind };

export type ProgramId = Branded<'ProgramId'>;
export type MemberId = Branded<'MemberId'>;
export type AccountId = Branded<'AccountId'>;
/** Stands for a card number outside enrollment; the number cannot be had back from it. */
export type CardToken = Branded<'CardToken'>;
/** Identifies one fact by what its source called it, e.g. `receipt/acme/12/3/4711/2026-01-31`. */
export type FactId = Branded<'FactId'>;
export type StreamName = Branded<'StreamName'>;

/** Brands a string that has been checked (or made) at the border. */
export const programId = (value: string): ProgramId => value as ProgramId;
export const memberId = (value: string): MemberId => value as MemberId;
export const accountId = (value: string): AccountId => value as AccountId;
export const cardToken = (value: string): CardToken => value as CardToken;

const plain = /^[A-Za-z0-9_]*$/;

/** Percent-encodes one part of a name so that parts joined by `-` or `/` can be told apart again. */
export const encodePart = (part: string): string => (plain.test(part) ? part : encodeSpecial(part));

const partsKept = 10_000;
/** An account, a card or a day is named again and again on its way. */
const encodeSpecial = remembered(partsKept, (part) =>
  encodeURIComponent(part).replace(
    /[-.!~*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  ),
);

/** The kinds of streams in the event store: the part of a stream's name before the first `-`. */
export type StreamCategory =
  | 'program'
  | 'member'
  | 'card'
  | 'receipt'
  | 'redemption'
  | 'hold'
  | 'transfer'
  | 'transferrequest'
  | 'certificateuse'
  | 'partner'
  | 'partnerevent'
  | 'partneraward'
  | 'adjustment'
  | 'merge'
  | 'attribute'
  | 'birthday'
  | 'openingbalance'
  | 'balancebatch'
  | 'closing'
  | 'rerating'
  | 'budget'
  | 'ledger';

/** `category-part-part`, each part encoded: store `a-b` with till `c` is not store `a` with till `b-c`. */
export const streamName = (
  category: StreamCategory,
  ...parts: readonly [string, ...string[]]
): StreamName => [category, ...parts.map(encodePart)].join('-') as StreamName;

/** The same of parts that are encoded already, such as those of a fact's id. */
export const encodedStreamName = (
  category: StreamCategory,
  ...parts: readonly [string, ...string[]]
): StreamName => [category, ...parts].join('-') as StreamName;

export const categoryOf = (stream: StreamName): string => stream.slice(0, stream.indexOf('-'));

/** `kind/part/part`: the id that a fact's own source gave it. */
export const factId = (kind: string, ...parts: readonly [string, ...string[]]): FactId =>
  [kind, ...parts.map(encodePart)].join('/') as FactId;

/** Brands a fact's id that has been stored. */
export const knownFactId = (id: string): FactId => id as FactId;

export const ledgerStream = (program: ProgramId, account: AccountId): StreamName =>
  streamName('ledger', program, account);
