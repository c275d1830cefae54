import { setImmediate as turn } from 'node:timers/promises';
import type { EventStore } from '@tallystick/event-store';
import {
  emptyAccount,
  evolve,
  LedgerReader,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';
import { SetAside } from './set-aside.js';

/** Accounts are set aside in so many parts, of which one is folded at a time. */
const parts = 512;
/** What of a part is in memory before it is folded, about. */
const heldBytesMax = 16 * 2 ** 20;
/** After about so many events, some milliseconds' work, the rest of the process has its turn. */
const eventsAtOnce = 2_000;

export interface FoldedEvery {
  readonly events: number;
  readonly accounts: number;
}

/** Told each account once: the stream's name, the state, and the revision of the last event in it. */
export type SeeAccount = (stream: string, account: Account, revision: number) => void;

export interface FoldEvery {
  /** Folds up to this position and no further; without it, up to the store's present end. */
  readonly through?: bigint;
  /** Leaves out the other accounts; without it, none. */
  readonly only?: (stream: string) => boolean;
  /** Told each event, in the order of its account, before that account is shown. */
  readonly watch?: (stream: string, event: LedgerEvent) => void;
}

/**
 * Folds every account of the store, reading `$all` once. So that memory does not grow with the events, they are first set aside by account,
 * in a temporary file (compressed to a small part of their size; gone afterwards); then one part of the accounts after the
 * other is folded and shown: what is in memory are the events of a 512th of all, as bytes and at most some 16 MiB, and one account.
 * Throws `UnknownLedgerEvent` for an event that this release does not understand, and an error where a stream has a gap.
 */
export const foldEveryAccount = async (
  store: Pick<EventStore, 'readAllBare'>,
  see: SeeAccount,
  { through, only, watch }: FoldEvery = {},
): Promise<FoldedEvery> => {
  const aside = await SetAside.open(parts);
  try {
    let events = 0;
    reading: for await (const page of store.readAllBare({ categories: ['ledger'] })) {
      for (const { stream, revision, position, type, schemaVersion, data } of page) {
        if (through !== undefined && position > through) break reading;
        if (only?.(stream) === false) continue;
        events += 1;
        // Neither a name nor canonical JSON has a tab or the end of a line in it.
        const line = `${stream}\t${revision}\t${type}\t${schemaVersion}\t${data}`;
        const written = aside.add(partOf(stream), line);
        if (written !== undefined) await written;
      }
    }
    let accounts = 0;
    for (let part = 0; part < parts; part += 1)
      accounts += await foldPart(aside.linesOf(part), see, watch);
    return { events, accounts };
  } finally {
    await aside.close();
  }
};

/** FNV-1a over the name's units. */
const partOf = (stream: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < stream.length; at += 1)
    hash = Math.imul(hash ^ stream.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) & (parts - 1);
};

interface Folding {
  readonly state: Account;
  readonly reader: LedgerReader;
  /** Of the last stored event that was read. */
  revision: number;
  /** Of the last one that is folded: it may have been read up to within an event that is stored in parts. */
  folded: number;
}

const begun = (): Folding => ({
  ...{ state: emptyAccount(), reader: new LedgerReader(), revision: -1, folded: -1 },
});

/**
 * Folds account after account, so that states come and go one at a time, and what waits is bytes. Of a part that is larger than
 * `heldBytesMax`, what has been read is folded before more is, and its states wait.
 */
const foldPart = async (
  blocks: AsyncIterable<Buffer>,
  see: SeeAccount,
  watch: FoldEvery['watch'],
): Promise<number> => {
  const waiting = new Map<string, Folding>();
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const block of blocks) {
    held.push(block);
    heldBytes += block.length;
    if (heldBytes < heldBytesMax) continue;
    for (const [stream, lines] of byStream(held)) {
      const account = waiting.get(stream) ?? begun();
      waiting.set(stream, account);
      foldLines(account, stream, lines, watch);
    }
    [held, heldBytes] = [[], 0];
  }
  const rest = byStream(held);
  let atOnce = 0;
  for (const [stream, lines] of rest) {
    atOnce += lines.length;
    if (atOnce >= eventsAtOnce) {
      atOnce = 0;
      await turn();
    }
    const account = waiting.get(stream) ?? begun();
    waiting.delete(stream);
    foldLines(account, stream, lines, watch);
    see(stream, account.state, account.folded);
  }
  for (const [stream, { state, folded }] of waiting) see(stream, state, folded);
  return rest.size + waiting.size;
};

/** Where a line is: its block, where it goes on behind the stream's name, and where it ends. */
interface Line {
  readonly block: Buffer;
  readonly from: number;
  readonly end: number;
}

const byStream = (blocks: readonly Buffer[]): ReadonlyMap<string, readonly Line[]> => {
  const accounts = new Map<string, Line[]>();
  for (const block of blocks) {
    for (let at = 0; at < block.length;) {
      const end = block.indexOf(newline, at);
      const nameEnd = block.indexOf(tab, at);
      const stream = block.toString('utf8', at, nameEnd);
      const line = { block, from: nameEnd + 1, end };
      const lines = accounts.get(stream);
      if (lines === undefined) accounts.set(stream, [line]);
      else lines.push(line);
      at = end + 1;
    }
  }
  return accounts;
};

const foldLines = (
  account: Folding,
  stream: string,
  lines: readonly Line[],
  watch: FoldEvery['watch'],
): void => {
  for (const { block, from, end } of lines) {
    const line = block.toString('utf8', from, end);
    const typeAt = line.indexOf('\t') + 1;
    const versionAt = line.indexOf('\t', typeAt) + 1;
    const dataAt = line.indexOf('\t', versionAt) + 1;
    const revision = Number(line.slice(0, typeAt - 1));
    if (revision !== account.revision + 1)
      throw new Error(`${stream} goes from revision ${account.revision} to ${revision}`);
    const event = account.reader.read({
      type: line.slice(typeAt, versionAt - 1),
      schemaVersion: Number(line.slice(versionAt, dataAt - 1)),
      data: line.slice(dataAt),
    });
    account.revision = revision;
    if (event === null) continue;
    evolve(account.state, event);
    account.folded = revision;
    watch?.(stream, event);
  }
};

const newline = 10;
const tab = 9;
