import { LineCounter, parseDocument } from 'yaml';
import { rulebookV1, toRulebook } from '@tallystick/contracts';
import { err, ok, type Result } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { doubtsAbout } from './warnings.js';

/** What is wrong with a document, and where: `12:5 earning.0.per: must be above zero`. */
export interface DocumentFault {
  readonly line: number;
  readonly column: number;
  /** `earning.0.per`; empty for the document as a whole. */
  readonly field: string;
  readonly message: string;
}

export const documentCharsMax = 1_000_000;
/** YAML aliases can make a small text expand without end. */
const aliasesMax = 100;

/** Reads a rulebook document in YAML (JSON is YAML). Every fault is told, with its place in the text. */
export const readDocument = (text: string): Result<Rulebook, readonly DocumentFault[]> => {
  const checked = checkDocument(text);
  return checked.ok ? ok(checked.value.book) : checked;
};

/** The same with what the document says that can hardly be meant. */
export const checkDocument = (
  text: string,
): Result<
  { readonly book: Rulebook; readonly doubts: readonly DocumentFault[] },
  readonly DocumentFault[]
> => {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    return err(
      document.errors.map((error) => ({
        ...place(error.pos[0]),
        field: '',
        message: error.message,
      })),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return err([{ line: 1, column: 1, field: '', message }]);
  }
  const checked = rulebookV1.safeParse(value);
  const book = checked.success ? toRulebook(checked.data) : null;
  const placed = ({
    path,
    message,
  }: {
    readonly path: readonly PropertyKey[];
    readonly message: string;
  }): DocumentFault => ({
    ...place(offsetOf(document, path)),
    field: path.map(String).join('.'),
    message,
  });
  return book === null
    ? err((checked.error?.issues ?? []).map(placed))
    : ok({ book, doubts: doubtsAbout(book).map(placed) });
};

/** Where the nearest node to a path begins: a missing field is shown at what should hold it. */
const offsetOf = (
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): number => {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      const start: unknown = node.range[0];
      if (typeof start === 'number') return start;
    }
  }
  return 0;
};

/** A version as the system tells it: a document without the format's number. Throws on what no version is. */
export const readPublished = (published: unknown): Rulebook =>
  toRulebook(rulebookV1.parse({ ...Object(published), rulebook: 1 }));
