import {
  Exact,
  addDays,
  instant,
  localDate,
  startOfDay,
  timeZone,
  toMinor,
  type TimeZone,
} from '@tallystick/kernel';
import { columnsOf, type Column, type Columns } from '../reading/columns.js';
import { linesOf } from '../reading/lines.js';
import { rowsOf, type Row } from '../reading/rows.js';
import type { Source } from '../reading/source.js';
import { UnreadableFile } from '../reading/unreadable-file.js';
import type { BalanceMapping } from './mapping.js';

/** One lot, as accrual takes it. */
interface FileLot {
  readonly points: number;
  readonly availableAt?: string;
  readonly expiresAt?: string;
  readonly funder?: string;
  readonly kind?: string;
  readonly qualifies?: boolean;
}

/** What a file does not say of itself. */
export interface BalanceProgram {
  readonly currency: string;
  /** IANA: of days without a time, where the mapping names no zone. */
  readonly timeZone: string;
}

/** One balance, from rows that follow each other and have one reference. */
export interface FileBalance {
  readonly lines: readonly number[];
  readonly item: {
    readonly reference: string;
    readonly card?: string;
    readonly account?: string;
    readonly lots: readonly FileLot[];
    readonly spend: Readonly<Record<string, number>>;
  };
}

/** Why a row did not become a part of a balance. The codes are stored in rejects files: they do not change. */
export type BalanceRejectCode =
  | 'columns-wrong'
  | 'quote-not-closed'
  | 'text-damaged'
  | 'field-missing'
  | 'points-unreadable'
  | 'time-unreadable'
  | 'spend-unreadable'
  | 'qualifies-unreadable'
  | 'balance-differs'
  | 'balance-incomplete';

/** A row that is not sent. The explanation names columns, and never repeats what a cell holds: a card number may stand in any. */
export interface BalanceReject {
  readonly line: number;
  readonly code: BalanceRejectCode;
  readonly explanation: string;
}

export type BalanceItem =
  ({ readonly kind: 'balance' } & FileBalance) | ({ readonly kind: 'reject' } & BalanceReject);

interface Part {
  readonly line: number;
  readonly reference: string;
  readonly card: string | null;
  readonly account: string | null;
  readonly lot: FileLot | null;
  readonly spend: Readonly<Record<string, number>>;
}

class Flaw extends Error {
  readonly code: BalanceRejectCode;
  readonly explanation: string;

  constructor(code: BalanceRejectCode, explanation: string) {
    super(explanation);
    this.code = code;
    this.explanation = explanation;
  }
}

/** What a file says: balances whole, or the rows that spoil them. `rows` is told of every row that was read. */
export async function* balancesOf(
  source: Source,
  mapping: BalanceMapping,
  program: BalanceProgram,
  rows: (count: number) => void,
): AsyncGenerator<BalanceItem> {
  const { separator, quote, encoding } = mapping.file;
  const lines = linesOf(source.bytes, encoding);
  let read: ((row: Row) => Part | (BalanceReject & { readonly reference: string | null })) | null =
    null;
  let open: Group | null = null;
  for await (const block of rowsOf(lines, { separator, quote, columns: null })) {
    for (const row of block) {
      if (read === null) {
        if (row.kind === 'broken')
          throw new UnreadableFile('the header of the file cannot be read');
        read = rowReader(row.cells, mapping, program);
        continue;
      }
      rows(1);
      const part = read(row);
      if (open === null || open.reference !== part.reference || part.reference === null) {
        if (open !== null) yield* open.items();
        open = new Group(part.reference);
      }
      open.add(part);
    }
  }
  if (read === null) throw new UnreadableFile('the file is empty: it has not even a header');
  if (open !== null) yield* open.items();
}

/** Rows of one reference. One that is wrong spoils the others: a balance is sent whole or not at all. */
class Group {
  private readonly parts: Part[] = [];
  private readonly rejects: BalanceReject[] = [];

  readonly reference: string | null;

  constructor(reference: string | null) {
    this.reference = reference;
  }

  add(part: Part | BalanceReject): void {
    if ('code' in part) this.rejects.push(part);
    else {
      const [first] = this.parts;
      if (first === undefined || (first.card === part.card && first.account === part.account))
        this.parts.push(part);
      else
        this.rejects.push({
          line: part.line,
          code: 'balance-differs',
          explanation: 'it names another card or account than the row before of the same reference',
        });
    }
  }

  *items(): Generator<BalanceItem> {
    const [first] = this.parts;
    if (this.rejects.length === 0 && first !== undefined) {
      const spend: Record<string, number> = {};
      for (const part of this.parts)
        for (const [year, minor] of Object.entries(part.spend))
          spend[year] = (spend[year] ?? 0) + minor;
      yield {
        kind: 'balance',
        lines: this.parts.map(({ line }) => line),
        item: {
          reference: first.reference,
          ...(first.card === null ? {} : { card: first.card }),
          ...(first.account === null ? {} : { account: first.account }),
          lots: this.parts.flatMap(({ lot }) => (lot === null ? [] : [lot])),
          spend,
        },
      };
      return;
    }
    for (const reject of this.rejects) yield { kind: 'reject', ...reject };
    for (const { line } of this.parts)
      yield {
        kind: 'reject',
        line,
        code: 'balance-incomplete',
        explanation: 'another row of the same reference was rejected: a balance is sent whole',
      };
  }
}

const damaged = '\uFFFD';

/** Reads rows by the header; throws where the header does not have what the mapping names. */
const rowReader = (
  header: readonly string[],
  { columns: named, zone, numbers }: BalanceMapping,
  program: BalanceProgram,
): ((row: Row) => Part | (BalanceReject & { readonly reference: string | null })) => {
  const columns = columnsOf(header, header.length);
  const has = (name: string): boolean => header.some((cell) => cell.trim() === name);
  const optional = (column: string | number | undefined, name: string): Column | null =>
    column !== undefined ? columns.find(column) : has(name) ? columns.find(name) : null;
  const reference = columns.find(named.reference);
  const points = columns.find(named.points);
  const card = optional(named.card, 'card');
  const account = optional(named.account, 'account');
  if (card === null && account === null)
    throw new UnreadableFile(
      'the file has neither a column card nor a column account: the mapping may name one',
    );
  const availableAt = optional(named.availableAt, 'availableAt');
  const expiresAt = optional(named.expiresAt, 'expiresAt');
  const funder = optional(named.funder, 'funder');
  const kind = optional(named.kind, 'kind');
  const qualifies = optional(named.qualifies, 'qualifies');
  const spend = spendColumns(header, columns, named.spend);
  if (columns.missing.size > 0) throw new UnreadableFile([...columns.missing].join('\n'));
  const ownZone = timeZone(zone ?? program.timeZone);

  const decimalOf = (amount: string): string =>
    numbers.decimalMark === '.' ? amount : amount.replace(numbers.decimalMark, '.');

  const text = (cells: readonly string[], column: Column | null): string | null => {
    const value = column === null ? '' : (cells[column.index]?.trim() ?? '');
    if (value.includes(damaged))
      throw new Flaw('text-damaged', `${column?.label ?? ''} is no text in the file's encoding`);
    return value === '' ? null : value;
  };
  const required = (cells: readonly string[], column: Column): string => {
    const value = text(cells, column);
    if (value === null) throw new Flaw('field-missing', `${column.label} is empty`);
    return value;
  };
  const time = (cells: readonly string[], column: Column | null, end: boolean): string | null => {
    const value = text(cells, column);
    return value === null ? null : momentOf(value, column?.label ?? '', ownZone, end);
  };

  const partOf = (line: number, cells: readonly string[]): Part => {
    const named = { card: text(cells, card), account: text(cells, account) };
    if ((named.card === null) === (named.account === null))
      throw new Flaw('field-missing', 'a row names either a card or an account');
    const whole = required(cells, points).replace(/\.0+$/, '');
    if (!/^\d{1,16}$/.test(whole))
      throw new Flaw('points-unreadable', `${points.label} is not a whole number of points`);
    const dates = {
      availableAt: time(cells, availableAt, false),
      expiresAt: time(cells, expiresAt, true),
    };
    const flag = text(cells, qualifies)?.toLowerCase() ?? null;
    if (flag !== null && !(flag in flags))
      throw new Flaw('qualifies-unreadable', `${qualifies?.label ?? ''} is neither yes nor no`);
    const lot: FileLot = {
      points: Number(whole),
      ...(dates.availableAt === null ? {} : { availableAt: dates.availableAt }),
      ...(dates.expiresAt === null ? {} : { expiresAt: dates.expiresAt }),
      ...given('funder', text(cells, funder)),
      ...given('kind', text(cells, kind)),
      ...(flag === null ? {} : { qualifies: flags[flag] === true }),
    };
    const years = spend.flatMap(([year, column]) => {
      const amount = text(cells, column);
      return amount === null
        ? []
        : [[year, minorOf(decimalOf(amount), column.label, program.currency)] as const];
    });
    return {
      ...{ line, reference: required(cells, reference), ...named },
      lot: lot.points === 0 ? null : lot,
      spend: Object.fromEntries(years),
    };
  };

  return (row) => {
    if (row.kind === 'broken') {
      const explanation = 'a quote is opened and never closed';
      return { line: row.line, code: 'quote-not-closed', explanation, reference: null };
    }
    const { line, cells } = row;
    if (cells.length !== columns.count) {
      const explanation = `the row has ${cells.length} cells, the header ${columns.count}`;
      return { line, code: 'columns-wrong', explanation, reference: null };
    }
    try {
      return partOf(line, cells);
    } catch (error) {
      if (!(error instanceof Flaw)) throw error;
      const { code, explanation } = error;
      return { line, code, explanation, reference: cells[reference.index]?.trim() || null };
    }
  };
};

const flags: Readonly<Record<string, boolean>> = {
  ...{ yes: true, true: true, y: true, '1': true },
  ...{ no: false, false: false, n: false, '0': false },
};

const given = (name: 'funder' | 'kind', value: string | null): Partial<FileLot> =>
  value === null ? {} : { [name]: value };

const spendColumns = (
  header: readonly string[],
  columns: Columns,
  named: Readonly<Record<string, string | number>> | undefined,
): readonly (readonly [year: string, column: Column])[] =>
  named === undefined
    ? header.flatMap((name) => {
        const year = /^spend[ _](\d{4})$/.exec(name.trim())?.[1];
        return year === undefined ? [] : [[year, columns.find(name.trim())] as const];
      })
    : Object.entries(named).map(([year, column]) => [year, columns.find(column)] as const);

/** A day without a time: points are available from its beginning, and lapse with its end. */
const momentOf = (text: string, label: string, zone: TimeZone, end: boolean): string => {
  try {
    if (!/^\d{4}-\d\d-\d\d$/.test(text)) return instant(text);
    const day = localDate(text);
    return startOfDay(end ? addDays(day, 1) : day, zone);
  } catch {
    throw new Flaw(
      'time-unreadable',
      `${label} is neither a day such as 2027-01-31 nor a time with an offset`,
    );
  }
};

const minorOf = (text: string, label: string, currency: string): number => {
  if (!Exact.isDecimal(text) || text.startsWith('-'))
    throw new Flaw('spend-unreadable', `${label} is not an amount such as 120.50`);
  return toMinor(Exact.exact(text), currency, 'half-even');
};
