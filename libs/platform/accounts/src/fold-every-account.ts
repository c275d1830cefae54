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
 * other is folded and shown: what is in memory is a 512th of all.
 * Throws `UnknownLedgerEvent` for an event that this release does not understand, and an error where a stream has a gap.
 */
export const foldEveryAccount = async (
  store: Pick<EventStore, 'readAll'>,
  see: SeeAccount,
  { through, only, watch }: FoldEvery = {},
): Promise<FoldedEvery> => {
  const aside = await SetAside.open(parts);
  try {
    let events = 0;
    const ledger = store.readAll({ categories: ['ledger'] });
    for await (const { stream, revision, position, type, schemaVersion, data } of ledger) {
      if (through !== undefined && position > through) break;
      if (only?.(stream) === false) continue;
      events += 1;
      // Neither a name nor canonical JSON has a tab or the end of a line in it.
      const line = `${stream}\t${revision}\t${type}\t${schemaVersion}\t${data}`;
      const written = aside.add(partOf(stream), line);
      if (written !== undefined) await written;
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

const foldPart = async (
  texts: AsyncIterable<string>,
  see: SeeAccount,
  watch: FoldEvery['watch'],
): Promise<number> => {
  const accounts = new Map<string, Folding>();
  for await (const text of texts) {
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('\n', at);
      const [stream = '', revisionText, type = '', version, data = ''] = text
        .slice(at, end)
        .split('\t');
      at = end + 1;
      const revision = Number(revisionText);
      let account = accounts.get(stream);
      if (account === undefined) {
        account = { state: emptyAccount(), reader: new LedgerReader(), revision: -1, folded: -1 };
        // A copy: a piece of the text would keep all of it.
        accounts.set(Buffer.from(stream).toString(), account);
      }
      if (revision !== account.revision + 1)
        throw new Error(`${stream} goes from revision ${account.revision} to ${revision}`);
      const event = account.reader.read({ type, schemaVersion: Number(version), data });
      account.revision = revision;
      if (event === null) continue;
      evolve(account.state, event);
      account.folded = revision;
      watch?.(stream, event);
    }
  }
  for (const [stream, { state, folded }] of accounts) see(stream, state, folded);
  return accounts.size;
};
