import type { LedgerEvent, LedgerEventType } from './events.js';

/**
 * The newest schema version of each event that this release understands. Version 2 counts for caps: a release that does not, refuses it.
 */
const understood: { readonly [T in LedgerEventType]: number } = {
  AccountOpened: 1,
  PointsEarned: 2,
  EarnReversed: 1,
  PointsRedeemed: 1,
  RedemptionRefunded: 1,
  PointsHeld: 1,
  HoldCaptured: 1,
  HoldReleased: 1,
  PointsExpired: 1,
  PointsAdjusted: 1,
  PointsTransferred: 1,
  AccountsMerged: 2,
  OpeningBalanceImported: 1,
  PeriodClosed: 2,
  EarningRerated: 1,
};

/** The schema version that an event is written with: the lowest that says all that is in it. */
export const schemaVersionOf = (event: LedgerEvent): number => {
  switch (event.type) {
    case 'PointsEarned':
      return event.data.lots.some(({ counters }) => counters !== undefined) ? 2 : 1;
    case 'AccountsMerged':
    case 'PeriodClosed':
      return event.data.carried.counted === undefined ? 1 : 2;
    default:
      return 1;
  }
};

/** A newer release wrote this event: deciding without it could overdraw, so nothing is decided at all. */
export class UnknownLedgerEvent extends Error {
  constructor(type: string, schemaVersion: number) {
    super(
      `this release does not understand ledger event ${type} version ${schemaVersion}: upgrade it`,
    );
    this.name = 'UnknownLedgerEvent';
  }
}

interface Stored<Data> {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: Data;
}

/**
 * Reads a stored event of a ledger stream. Its data was written by this code or an older one and is trusted.
 * Throws UnknownLedgerEvent for a type or version that this release does not know.
 */
export const decodeLedgerEvent = (stored: Stored<string>): LedgerEvent => {
  if (!isUnderstood(stored)) throw new UnknownLedgerEvent(stored.type, stored.schemaVersion);
  return eventOf(stored.type, JSON.parse(stored.data));
};

/** The same of an event whose data have been read from JSON already, as the bus brings it; null for a type or version that this release does not know. */
export const understoodLedgerEvent = (told: Stored<object>): LedgerEvent | null =>
  isUnderstood(told) ? eventOf(told.type, told.data) : null;

const isUnderstood = ({ type, schemaVersion }: Stored<unknown>): boolean =>
  Object.hasOwn(understood, type) && schemaVersion <= understood[type as LedgerEventType];

const eventOf = (type: string, data: unknown): LedgerEvent => ({ type, data }) as LedgerEvent;
