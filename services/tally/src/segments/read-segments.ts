import { timeZone } from '@tallystick/kernel';
import { boundedSet } from '../reading/bounded-set.js';
import { columnsOf, type Column } from '../reading/columns.js';
import {
  Flaw,
  cellsOf,
  flatRows,
  momentIn,
  textIn,
  type FlatReject,
} from '../reading/flat-rows.js';
import type { Row } from '../reading/rows.js';
import type { Source } from '../reading/source.js';
import { UnreadableFile } from '../reading/unreadable-file.js';
import type { SegmentsMapping } from './mapping.js';

/** What rows that follow each other say of one member since one moment. */
export interface FileSegments {
  readonly lines: readonly number[];
  readonly item: {
    readonly member?: string;
    readonly card?: string;
    /** All that it is in. */
    readonly attributes: { readonly segments: readonly string[] };
    /** RFC 3339; left out: from now on. */
    readonly from?: string;
  };
}

export type SegmentsItem =
  ({ readonly kind: 'segments' } & FileSegments) | ({ readonly kind: 'reject' } & FlatReject);

interface Part {
  readonly line: number;
  readonly member: string | null;
  readonly card: string | null;
  readonly from: string | null;
  readonly segments: readonly string[];
}

/** Whose row it is and since when, as the file writes both; null: that cannot be read. */
type Read = { readonly of: string | null } & (Part | FlatReject);

/** So many are remembered, to tell rows of one member that do not follow each other. */
const rememberedMax = 200_000;

/** What a file says, or the rows that cannot be sent. `rows` is told of every row that was read. */
export async function* segmentsOf(
  source: Source,
  mapping: SegmentsMapping,
  programZone: string,
  rows: (count: number) => void,
): AsyncGenerator<SegmentsItem> {
  const reader = (header: readonly string[]) => rowReader(header, mapping, programZone);
  const before = boundedSet(rememberedMax);
  let open: Read[] = [];
  for await (const read of flatRows(source, mapping.file, reader, rows)) {
    const of = open[0]?.of ?? null;
    if (of === null || of !== read.of) {
      yield* together(open, before.has);
      if (of !== null) before.add(of);
      open = [];
    }
    open.push(read);
  }
  yield* together(open, before.has);
}

/** Rows of one member and moment. One that is wrong spoils the others: they say together what it is in. */
function* together(
  reads: readonly Read[],
  wasBefore: (of: string) => boolean,
): Generator<SegmentsItem> {
  const rejects = reads.filter((read) => 'code' in read);
  const parts = reads.filter((read) => 'segments' in read);
  const [first] = parts;
  if (first === undefined || rejects.length > 0) {
    for (const { line, code, explanation } of rejects)
      yield { kind: 'reject', line, code, explanation };
    const explanation = 'another row of the same member was rejected: its segments are sent whole';
    for (const { line } of parts)
      yield { kind: 'reject', line, code: 'segments-incomplete', explanation };
    return;
  }
  if (first.of !== null && wasBefore(first.of)) {
    const explanation =
      'the same member stands further up with the same moment, and not right before: sort the file';
    for (const { line } of parts)
      yield { kind: 'reject', line, code: 'member-repeated', explanation };
    return;
  }
  yield {
    kind: 'segments',
    lines: parts.map(({ line }) => line),
    item: {
      ...(first.member === null ? {} : { member: first.member }),
      ...(first.card === null ? {} : { card: first.card }),
      attributes: { segments: [...new Set(parts.flatMap(({ segments }) => segments))] },
      ...(first.from === null ? {} : { from: first.from }),
    },
  };
}

/** Reads rows by the header; throws where the header does not have what the mapping names. */
const rowReader = (
  header: readonly string[],
  { columns: named, zone, segmentsSeparator }: SegmentsMapping,
  programZone: string,
): ((row: Row) => Read) => {
  const columns = columnsOf(header, header.length);
  const optional = (column: string | number | undefined, name: string): Column | null => {
    if (column !== undefined) return columns.find(column);
    return header.some((cell) => cell.trim() === name) ? columns.find(name) : null;
  };
  const segments = columns.find(named.segments);
  const member = optional(named.member, 'member');
  const card = optional(named.card, 'card');
  const since = optional(named.since, 'since');
  if (member === null && card === null)
    throw new UnreadableFile(
      'the file has neither a column member nor a column card: the mapping may name one',
    );
  if (columns.missing.size > 0) throw new UnreadableFile([...columns.missing].join('\n'));
  const ownZone = timeZone(zone ?? programZone);

  return (row) => {
    const cells = cellsOf(row, columns.count);
    if ('code' in cells) return { ...cells, of: null };
    const raw = (column: Column | null): string =>
      column === null ? '' : (cells[column.index]?.trim() ?? '');
    const of = JSON.stringify([raw(member), raw(card), raw(since)]);
    try {
      const who = { member: textIn(cells, member), card: textIn(cells, card) };
      if ((who.member === null) === (who.card === null))
        throw new Flaw('field-missing', 'a row names either a member or a card');
      const names = (textIn(cells, segments) ?? '').split(segmentsSeparator);
      return {
        ...{ line: row.line, of, ...who },
        from: momentIn(cells, since, ownZone, 'begins'),
        segments: names.map((name) => name.trim()).filter((name) => name !== ''),
      };
    } catch (error) {
      if (!(error instanceof Flaw)) throw error;
      const { code, explanation } = error;
      return { line: row.line, of, code, explanation };
    }
  };
};
