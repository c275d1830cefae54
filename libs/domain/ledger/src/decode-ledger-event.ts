import { WrittenByNewer } from '@tallystick/kernel';
import type { LedgerEvent, LedgerEventType, Lot } from './events.js';
import type { EventPart } from './spread.js';

/**
 * The newest schema version of each event: what has lists is stored with it when it is in parts. Releases that do not know all that may be
 * in there refuse it.
 */
const newest: { readonly [T in Exclude<LedgerEventType, 'AccountOpened'>]: number } = {
  PointsEarned: 4,
  EarnReversed: 2,
  PointsRedeemed: 2,
  RedemptionRefunded: 3,
  PointsHeld: 2,
  HoldCaptured: 2,
  HoldReleased: 2,
  PointsExpired: 2,
  PointsAdjusted: 2,
  PointsTransferred: 2,
  AccountsMerged: 4,
  OpeningBalanceImported: 2,
  PeriodClosed: 4,
  EarningRerated: 2,
  CertificateIssued: 1,
  CertificateCorrected: 1,
  CertificateUsed: 1,
  CertificateGivenBack: 1,
  CertificateExpired: 1,
};

/** The newest schema version of each stored event that this release understands. */
const understood: { readonly [T in LedgerEventType | EventPart['type']]: number } = {
  AccountOpened: 1,
  ...newest,
  EventPart: 1,
};

/**
 * The schema version that an event is written with: the lowest that says all that is in it. Version 2 of what earns and what is carried
 * counts for caps, 3 has lots that lapse after inactivity, or memberships; 4 has certificates where something is carried, and adds to what an
 * account has of a fact where something is earned. 3 of what is refunded comes back as lots of its own. A release that does not know them refuses it.
 */
export const schemaVersionOf = (event: LedgerEvent): number => {
  switch (event.type) {
    case 'PointsEarned': {
      const { lots, memberships, adds } = event.data;
      if (adds === true) return newest[event.type];
      if (lapseAfterInactivity(lots) || memberships !== undefined) return 3;
      return lots.some(({ counters }) => counters !== undefined) ? 2 : 1;
    }
    case 'AccountsMerged':
    case 'PeriodClosed': {
      const { lots, memberships, counted, certificates } = event.data.carried;
      if (certificates !== undefined) return newest[event.type];
      if (lapseAfterInactivity(lots.map(({ lot }) => lot)) || memberships !== undefined) return 3;
      return counted === undefined ? 1 : 2;
    }
    case 'RedemptionRefunded':
      return event.data.lots.some((lot) => lot.as !== undefined) ? newest[event.type] : 1;
    case 'PointsTransferred':
    case 'OpeningBalanceImported':
    case 'PointsAdjusted':
      return lapseAfterInactivity(event.data.lots) ? newest[event.type] : 1;
    default:
      return 1;
  }
};

const lapseAfterInactivity = (lots: readonly Lot[]): boolean =>
  lots.some(({ inactivity }) => inactivity !== undefined);

/** The same of an event that is stored in parts. */
export const versionInParts = ({ type }: LedgerEvent): number =>
  type === 'AccountOpened' ? 1 : newest[type];

/** A newer release wrote this event: deciding without it could overdraw, so nothing is decided at all. */
export class UnknownLedgerEvent extends WrittenByNewer {
  constructor(type: string, schemaVersion: number) {
    super(`ledger event ${type}`, schemaVersion);
    this.name = 'UnknownLedgerEvent';
  }
}

/** An event of a ledger stream as the store has it. */
export interface Stored<Data> {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: Data;
}

/** What one stored event is. */
export type LedgerRecord =
  | { readonly kind: 'whole'; readonly event: LedgerEvent }
  /** Of an event whose head comes later in the same append. */
  | { readonly kind: 'part'; readonly data: EventPart['data'] }
  /** An event whose lists are empty here: they are in as many parts right before it, which name it by `whole`. */
  | {
      readonly kind: 'head';
      readonly event: LedgerEvent;
      readonly parts: number;
      readonly whole: string;
    };

/**
 * Reads a stored event of a ledger stream by itself; who wants what happened reads by `LedgerReader`, which joins parts. Its data was
 * written by this code or an older one and is trusted. Throws UnknownLedgerEvent for a type or version that this release does not know.
 */
export const decodeLedgerRecord = (stored: Stored<string>): LedgerRecord => {
  if (!isUnderstood(stored)) throw new UnknownLedgerEvent(stored.type, stored.schemaVersion);
  return recordOf(stored.type, JSON.parse(stored.data) as object);
};

/** The same of an event whose data have been read from JSON already, as the bus brings it; null for a type or version that this release does not know. */
export const understoodLedgerRecord = (told: Stored<object>): LedgerRecord | null =>
  isUnderstood(told) ? recordOf(told.type, told.data) : null;

/** Reads an event that is stored in one piece. Throws UnknownLedgerEvent, and for what is stored in parts. */
export const decodeLedgerEvent = (stored: Stored<string>): LedgerEvent => {
  const record = decodeLedgerRecord(stored);
  if (record.kind !== 'whole') throw new Error(`a ${stored.type} that is stored in parts`);
  return record.event;
};

const isUnderstood = ({ type, schemaVersion }: Stored<unknown>): boolean =>
  Object.hasOwn(understood, type) &&
  schemaVersion <= understood[type as LedgerEventType | EventPart['type']];

const recordOf = (type: string, data: object): LedgerRecord => {
  if (type === 'EventPart') return { kind: 'part', data: data as EventPart['data'] };
  if (!('inParts' in data)) return { kind: 'whole', event: { type, data } as LedgerEvent };
  const { inParts: told, ...rest } = data as { inParts: { count: number; whole: string } };
  const event = { type, data: rest } as LedgerEvent;
  return { kind: 'head', event, parts: told.count, whole: told.whole };
};

/** A head and the lists of its parts. */
export const joined = (head: LedgerEvent, lists: string): LedgerEvent =>
  ({ type: head.type, data: { ...head.data, ...(JSON.parse(lists) as object) } }) as LedgerEvent;
