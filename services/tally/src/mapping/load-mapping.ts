import { LineCounter, parseDocument } from 'yaml';
import { err, ok, type Result } from '@tallystick/kernel';
import { mappingSchema, type Mapping } from './mapping.js';

/** One thing wrong in a mapping: where it stands, and what is wrong. */
export interface MappingProblem {
  /** e.g. `receipt.time.zone`; empty for the document as a whole. */
  readonly path: string;
  /** The line in the mapping's text, from 1; null when nothing of the text can be named. */
  readonly line: number | null;
  readonly message: string;
}

/** Reads and checks a mapping's YAML. Every problem is told at once, each with its path and line. */
export const parseMapping = (text: string): Result<Mapping, readonly MappingProblem[]> => {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: true });
  if (document.errors.length > 0)
    return err(
      document.errors.map((error) => ({
        path: '',
        line: lineCounter.linePos(error.pos[0]).line,
        message: error.message.split('\n')[0] ?? error.code,
      })),
    );

  /** The line of the innermost part of a path that the text has: a missing key is told at its parent. */
  const lineOf = (path: readonly PropertyKey[]): number | null => {
    for (let length = path.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      if (hasRange(node)) return lineCounter.linePos(node.range[0]).line;
    }
    return null;
  };

  const parsed = mappingSchema.safeParse(document.toJS());
  if (parsed.success) return ok(parsed.data);
  return err(
    parsed.error.issues.map((issue) => ({
      path: issue.path.join('.'),
      line: lineOf(issue.path),
      message: issue.message,
    })),
  );
};

const hasRange = (node: unknown): node is { readonly range: readonly [number, ...number[]] } =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);

/** `online-retail.yaml:12: receipt.time.zone: is no IANA time zone` */
export const showMappingProblem = (file: string, problem: MappingProblem): string =>
  [
    problem.line === null ? `${file}:` : `${file}:${problem.line}:`,
    ...(problem.path === '' ? [] : [`${problem.path}:`]),
    problem.message,
  ].join(' ');
