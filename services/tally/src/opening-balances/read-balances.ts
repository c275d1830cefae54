import { Exact, timeZone, toMinor } from '@tallystick/kernel';
import { columnsOf, type Column, type Columns } from '../reading/columns.js';
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

export type BalanceItem =
  ({ readonly kind: 'balance' } & FileBalance) | ({ readonly kind: 'reject' } & FlatReject);

interface Part {
  readonly line: number;
  readonly reference: string;
  readonly card: string | null;
  readonly account: string | null;
  readonly lot: FileLot | null;
  readonly spend: Readonly<Record<string, number>>;
}

/** What a file says: balances whole, or the rows that spoil them. `rows` is told of every row that was read. */
export async function* balancesOf(
  source: Source,
  mapping: BalanceMapping,
  program: BalanceProgram,
  rows: (count: number) => void,
): AsyncGenerator<BalanceItem> {
  const reader = (header: readonly string[]) => rowReader(header, mapping, program);
  let open: Group | null = null;
  for await (const part of flatRows(source, mapping.file, reader, rows)) {
    if (open === null || open.reference !== part.reference || part.reference === null) {
      if (open !== null) yield* open.items();
      open = new Group(part.reference);
    }
    open.add(part);
  }
  if (open !== null) yield* open.items();
}

/** Rows of one reference. One that is wrong spoils the others: a balance is sent whole or not at all. */
class Group {
  private readonly parts: Part[] = [];
  private readonly rejects: FlatReject[] = [];

  readonly reference: string | null;

  constructor(reference: string | null) {
    this.reference = reference;
  }

  add(part: Part | FlatReject): void {
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

/** Reads rows by the header; throws where the header does not have what the mapping names. */
const rowReader = (
  header: readonly string[],
  { columns: named, zone, numbers }: BalanceMapping,
  program: BalanceProgram,
): ((row: Row) => Part | (FlatReject & { readonly reference: string | null })) => {
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

  const required = (cells: readonly string[], column: Column): string => {
    const value = textIn(cells, column);
    if (value === null) throw new Flaw('field-missing', `${column.label} is empty`);
    return value;
  };
  const partOf = (line: number, cells: readonly string[]): Part => {
    const named = { card: textIn(cells, card), account: textIn(cells, account) };
    if ((named.card === null) === (named.account === null))
      throw new Flaw('field-missing', 'a row names either a card or an account');
    const whole = required(cells, points).replace(/\.0+$/, '');
    if (!/^\d{1,16}$/.test(whole))
      throw new Flaw('points-unreadable', `${points.label} is not a whole number of points`);
    const dates = {
      availableAt: momentIn(cells, availableAt, ownZone, 'begins'),
      expiresAt: momentIn(cells, expiresAt, ownZone, 'ends'),
    };
    const flag = textIn(cells, qualifies)?.toLowerCase() ?? null;
    if (flag !== null && !(flag in flags))
      throw new Flaw('qualifies-unreadable', `${qualifies?.label ?? ''} is neither yes nor no`);
    const lot: FileLot = {
      points: Number(whole),
      ...(dates.availableAt === null ? {} : { availableAt: dates.availableAt }),
      ...(dates.expiresAt === null ? {} : { expiresAt: dates.expiresAt }),
      ...given('funder', textIn(cells, funder)),
      ...given('kind', textIn(cells, kind)),
      ...(flag === null ? {} : { qualifies: flags[flag] === true }),
    };
    const years = spend.flatMap(([year, column]) => {
      const amount = textIn(cells, column);
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
    const { line } = row;
    const cells = cellsOf(row, columns.count);
    if ('code' in cells) return { ...cells, reference: null };
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

const minorOf = (text: string, label: string, currency: string): number => {
  if (!Exact.isDecimal(text) || text.startsWith('-'))
    throw new Flaw('spend-unreadable', `${label} is not an amount such as 120.50`);
  return toMinor(Exact.exact(text), currency, 'half-even');
};
