import { LineCounter, parseDocument } from 'yaml';
import { faultsOfNames, rulebookV1, toRulebook } from '@tallystick/contracts';
import { err, ok, type Result } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { tooMuchFor } from './document-limits.js';
import { duplicates } from './duplicates.js';
import { faultsInWords, type FormFault } from './faults-in-words.js';
import { doubtsAbout } from './warnings.js';
import { aliasFault, yamlFaults } from './yaml-faults.js';

/** What is wrong with a document, and where: `12:5 earning.0.per: must be above zero`. */
export interface DocumentFault {
  readonly line: number;
  readonly column: number;
  /** `earning.0.per`; empty for the document as a whole. */
  readonly field: string;
  readonly message: string;
}

/** YAML aliases can make a small text expand without end. */
const aliasesMax = 100;
/** So many faults are told at once: who has more begins with these. */
const faultsMax = 100;

export { documentCharsMax } from './document-limits.js';

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
  const place = placesBy(counter);
  const asWhole = (faults: readonly { readonly offset: number; readonly message: string }[]) =>
    err(few(faults).map(({ offset, message }) => ({ ...place(offset), field: '', message })));
  const early = tooMuchFor(text);
  if (early !== null)
    return err([{ ...placeIn(text, early.offset), field: '', message: early.message }]);
  // Its own search for fields that stand twice takes the square of their number.
  const document = parseDocument(text, {
    ...{ lineCounter: counter, prettyErrors: false, uniqueKeys: false },
  });
  if (document.errors.length > 0) return asWhole(yamlFaults(document.errors, text));
  const twice = duplicates(document);
  if (twice.length > 0) return asWhole(twice);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    return asWhole([aliasFault(error, text)]);
  }
  const checked = rulebookV1.safeParse(value);
  const book = checked.success ? toRulebook(checked.data) : null;
  const placed = placedBy(document, place);
  if (book !== null) return ok({ book, doubts: doubtsAbout(book).map(placed) });
  const ofForm = faultsInWords(checked.error?.issues ?? [], value);
  return err(few(withNames(ofForm, value)).map(placed));
};

/** Faults of form keep references from being looked at: names and conditions are looked at all the same. */
const withNames = (ofForm: readonly FormFault[], value: unknown): FormFault[] => {
  const told = new Set(ofForm.map(({ path }) => path.join('\n')));
  return [...ofForm, ...faultsOfNames(value).filter(({ path }) => !told.has(path.join('\n')))];
};

/** The faults of a document that can be read, with their places in its text. */
export const placedIn = (
  text: string,
  faults: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): DocumentFault[] => {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: false });
  return faults.map(placedBy(document, placesBy(counter)));
};

const placesBy = (counter: LineCounter) => (offset: number) => {
  const { line, col } = counter.linePos(offset);
  return { line, column: col };
};

const placedBy =
  (document: ReturnType<typeof parseDocument>, place: ReturnType<typeof placesBy>) =>
  ({
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

const few = <Fault extends { readonly message: string }>(faults: readonly Fault[]): Fault[] =>
  faults.slice(0, faultsMax).map((fault, index) => {
    const more = faults.length - faultsMax;
    return more > 0 && index === faultsMax - 1
      ? { ...fault, message: `${fault.message} (and ${more} more faults)` }
      : fault;
  });

const placeIn = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset);
  return {
    line: before.split('\n').length,
    column: offset - before.lastIndexOf('\n'),
  };
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
