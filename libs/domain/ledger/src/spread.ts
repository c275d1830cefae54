import { invariant } from '@tallystick/kernel';
import { emptyAccount, type Account } from './account.js';
import type { Carried } from './carried.js';
import {
  decodeLedgerRecord,
  joined,
  schemaVersionOf,
  versionInParts,
  type Stored,
} from './decode-ledger-event.js';
import type { LedgerEvent, LedgerEventType } from './events.js';
import { evolve } from './evolve.js';

/**
 * An event that is longer than a store takes at once is stored as several: parts, which hold its lists as text, and then its head, under
 * its own type and with all else that it says. They are appended together, so that there is never one without the others. Only the
 * stored form is spread: who decides and who folds sees the event, whole.
 */
export interface EventPart {
  readonly type: 'EventPart';
  readonly data: {
    /** The type of the event. */
    readonly of: LedgerEventType;
    /** SHA-256 of the whole event's canonical data: tells its parts from those of any other event. */
    readonly whole: string;
    /** From 1 on. */
    readonly part: number;
    readonly parts: number;
    /** A piece of the canonical JSON of what the head leaves out: all pieces, in their order, are an object of its fields. */
    readonly text: string;
  };
}

export interface StoredForm extends Stored<object> {
  readonly type: LedgerEventType | EventPart['type'];
}

/** How an event becomes text. */
export interface Writing {
  /** RFC 8785. */
  readonly canonical: (value: unknown) => string;
  readonly sha256: (text: string) => string;
  /** UTF-16 units of the event's text in one part: each takes at most 3 bytes where the part is stored. */
  readonly unitsMax: number;
}

/** An event as it is stored in one piece. */
export const inOnePiece = (event: LedgerEvent): StoredForm => ({
  ...event,
  schemaVersion: schemaVersionOf(event),
});

/** An event as it is stored in parts: these, and then the head. */
export const spread = (event: LedgerEvent, how: Writing): readonly StoredForm[] => {
  const fields = Object.entries(event.data);
  const lists = Object.fromEntries(fields.filter(isList));
  const texts = pieces(how.canonical(lists), how.unitsMax);
  const whole = how.sha256(how.canonical(event.data));
  const head = {
    ...Object.fromEntries(fields.map((field) => (isList(field) ? emptied(field) : field))),
    inParts: { count: texts.length, whole },
  };
  return [
    ...texts.map((text, index) => ({
      type: 'EventPart' as const,
      schemaVersion: 1,
      data: { of: event.type, whole, part: index + 1, parts: texts.length, text },
    })),
    { type: event.type, schemaVersion: versionInParts(event), data: head },
  ];
};

type Field = readonly [name: string, value: unknown];

const isList = ([name, value]: Field): boolean => Array.isArray(value) || name === 'carried';

const nothingCarried: Carried = {
  ...{ lots: [], facts: [], redemptions: [], holds: [], known: [], spend: {}, factsApplied: 0 },
};
const emptied = ([name]: Field): Field => [name, name === 'carried' ? nothingCarried : []];

/** Never cut within a character: each piece is well-formed text. */
const pieces = (text: string, unitsMax: number): string[] => {
  invariant(unitsMax >= 2, 'a piece has room for a character');
  const cut: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + unitsMax, text.length);
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
    cut.push(text.slice(from, to));
    from = to;
  }
  return cut;
};

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/**
 * Reads the stored events of one ledger stream in their order, from the first of some append on. What was stored in parts comes as one
 * event, with its head.
 */
export class LedgerReader {
  private parts: EventPart['data'][] = [];

  /** null: it is a part, and its event comes later. Throws UnknownLedgerEvent, and where parts do not fit together. */
  read(stored: Stored<string>): LedgerEvent | null {
    const record = decodeLedgerRecord(stored);
    if (record.kind === 'part') {
      this.parts.push(record.data);
      return null;
    }
    const { parts } = this;
    this.parts = [];
    if (record.kind === 'whole') {
      invariant(parts.length === 0, `parts come before a ${record.event.type} that has none`);
      return record.event;
    }
    const { event, whole } = record;
    invariant(
      parts.length === record.parts &&
        parts.every(
          (data, index) =>
            data.whole === whole &&
            data.of === event.type &&
            data.part === index + 1 &&
            data.parts === record.parts,
        ),
      `the ${record.parts} parts of a ${event.type} come before it`,
    );
    return joined(event, parts.map(({ text }) => text).join(''));
  }
}

/** The event whose last stored event is at an index, its parts among those before. */
export const eventAt = (stored: readonly Stored<string>[], index: number): LedgerEvent => {
  const at = stored[index];
  invariant(at !== undefined, `something is stored at ${index}`);
  const record = decodeLedgerRecord(at);
  if (record.kind === 'whole') return record.event;
  invariant(record.kind === 'head', 'an event ends with its head');
  const reader = new LedgerReader();
  const parts = stored.slice(Math.max(0, index - record.parts), index);
  for (const part of parts) reader.read(part);
  const event = reader.read(at);
  invariant(event !== null, 'a head ends its event');
  return event;
};

/** Whether an event that closes a period, and carries the account, begins with this stored one. */
export const beginsPeriod = (stored: Stored<string>): boolean => {
  if (stored.type !== 'PeriodClosed' && stored.type !== 'EventPart') return false;
  const record = decodeLedgerRecord(stored);
  return record.kind === 'part'
    ? record.data.of === 'PeriodClosed' && record.data.part === 1
    : record.kind === 'whole';
};

/** Folds a stream's stored events, from the first on or from one at which a closed period begins. */
export const foldStored = (stored: Iterable<Stored<string>>): Account => {
  const [account, reader] = [emptyAccount(), new LedgerReader()];
  for (const one of stored) {
    const event = reader.read(one);
    if (event !== null) evolve(account, event);
  }
  return account;
};
