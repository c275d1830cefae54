import { ok } from '@tallystick/kernel';
import type { KeyField, Mapping } from '../mapping/mapping.js';
import {
  codeReader,
  flaw,
  optionalReader,
  type CellReader,
  type Cells,
  type Read,
} from './cells.js';
import type { Columns } from './columns.js';
import { localTimeReader } from './local-time.js';

/** What a row says of the receipt that it belongs to. */
export interface ReceiptHead {
  readonly chain: string;
  readonly store: string;
  readonly till: string;
  /** null: counted per day when the receipt is complete. */
  readonly number: string | null;
  readonly currency: string;
  readonly channel: string | null;
  /** The card number, cleaned up; null: no card. */
  readonly card: string | null;
  /** RFC 3339. */
  readonly occurredAt: string;
  /** The local day, `2011-01-31`. */
  readonly day: string;
}

export interface HeadRead {
  readonly head: Read<ReceiptHead>;
  /** Equal for the rows of one receipt; null if a field of it cannot be read. It may be there where the head is not. */
  readonly key: string | null;
}

const timeFlaws = {
  'time-unreadable': 'is not a time in any of the formats that the mapping names',
  'time-repeated': 'is a local time that happens twice, as the clocks go back',
  'time-skipped': 'is a local time that never happens, as the clocks go forward',
} as const;

/** Makes the reader of a receipt's part of each row. */
export const headReader = (
  { receipt }: Mapping,
  columns: Columns,
): ((cells: Cells, line: number) => HeadRead) => {
  const chain = codeReader(receipt.chain, columns);
  const store = codeReader(receipt.store, columns);
  const till = codeReader(receipt.till, columns);
  const number: CellReader<string | null> =
    receipt.number.column === undefined
      ? () => ok(null)
      : codeReader({ column: receipt.number.column }, columns);
  const currency = codeReader(receipt.currency, columns);
  const channel = optionalReader(receipt.channel, columns);
  const card = cardReader(receipt.card, columns);
  const timeColumn = columns.find(receipt.time.column);
  const toLocalTime = localTimeReader(receipt.time);
  const time = (cells: Cells): Read<{ at: string; day: string }> => {
    const read = toLocalTime(cells[timeColumn.index]?.trim() ?? '');
    return read.ok ? ok(read) : flaw(read.why, `${timeColumn.label} ${timeFlaws[read.why]}`);
  };

  return (cells, line) => {
    const fields = {
      chain: chain(cells),
      store: store(cells),
      till: till(cells),
      number: number(cells),
      card: card(cells),
      date: time(cells),
    };
    const texts: { readonly [F in KeyField]: Read<string | null> } = {
      ...fields,
      date: fields.date.ok ? ok(fields.date.value.day) : fields.date,
    };
    const key = receipt.key === 'row' ? String(line) : keyOf(receipt.key, texts);
    return { head: headOf(fields, currency(cells), channel(cells)), key };
  };
};

const keyOf = (
  fields: readonly KeyField[],
  texts: { readonly [F in KeyField]: Read<string | null> },
): string | null => {
  const parts: (string | null)[] = [];
  for (const field of fields) {
    const text = texts[field];
    if (!text.ok) return null;
    parts.push(text.value);
  }
  return parts.length === 1 && typeof parts[0] === 'string' ? parts[0] : JSON.stringify(parts);
};

/** The head, or the first flaw among its fields. */
const headOf = (
  fields: {
    readonly chain: Read<string>;
    readonly store: Read<string>;
    readonly till: Read<string>;
    readonly number: Read<string | null>;
    readonly card: Read<string | null>;
    readonly date: Read<{ at: string; day: string }>;
  },
  currency: Read<string>,
  channel: Read<string | null>,
): Read<ReceiptHead> => {
  const { chain, store, till, number, card, date } = fields;
  if (!number.ok) return number;
  if (!date.ok) return date;
  if (!chain.ok) return chain;
  if (!store.ok) return store;
  if (!till.ok) return till;
  if (!card.ok) return card;
  if (!channel.ok) return channel;
  if (!currency.ok) return currency;
  if (!/^[A-Z]{3}$/.test(currency.value))
    return flaw('currency-unknown', 'the currency is not a code of ISO 4217');
  return ok({
    chain: chain.value,
    store: store.value,
    till: till.value,
    number: number.value,
    currency: currency.value,
    channel: channel.value,
    card: card.value,
    occurredAt: date.value.at,
    day: date.value.day,
  });
};

const cardReader = (
  card: Mapping['receipt']['card'],
  columns: Columns,
): CellReader<string | null> => {
  if (card === undefined) return () => ok(null);
  const read = optionalReader({ column: card.column }, columns);
  const { removePrefix = '', removeSuffix = '', removeCharacters } = card;
  const removed = new Set(removeCharacters);
  const none = new Set(card.none);
  return (cells) => {
    const text = read(cells);
    if (!text.ok || text.value === null || none.has(text.value)) return text.ok ? ok(null) : text;
    let number = text.value;
    if (removePrefix !== '' && number.startsWith(removePrefix))
      number = number.slice(removePrefix.length);
    if (removeSuffix !== '' && number.endsWith(removeSuffix))
      number = number.slice(0, -removeSuffix.length);
    if (removed.size > 0)
      number = Array.from(number)
        .filter((char) => !removed.has(char))
        .join('');
    number = number.trim();
    return ok(number === '' || none.has(number) ? null : number);
  };
};
