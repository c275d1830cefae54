import { rulebookJsonSchema, type rulebookV1 } from '@tallystick/contracts';
import { nearestOf } from './doubts-of-conditions.js';

/** A fault of a document's form: where, and what to write instead. */
export interface FormFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** More than a person reads at once. */
const issuesMax = 1_000;

type Issue = NonNullable<ReturnType<typeof rulebookV1.safeParse>['error']>['issues'][number];

/** What is wrong with a document's form, for a person who writes it: the checks themselves speak to programmers. */
export const faultsInWords = (issues: readonly Issue[], document: unknown): FormFault[] => {
  const told = issues.slice(0, issuesMax).flatMap((issue) => inWords(issue, document));
  // One fault for each place: the most telling one stands last.
  const places = new Map(told.map((fault) => [fault.path.join('\n'), fault]));
  return [...places.values()];
};

const inWords = (issue: Issue, document: unknown): FormFault[] => {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const value = valueAt(document, path);
  const tell = (message: string): FormFault[] => [{ path, message }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownFields(path, issue.keys);
    case 'invalid_type':
      return tell(ofType(issue.expected, value));
    case 'invalid_value':
      return tell(oneOf(issue.values.map(String), value));
    case 'invalid_union': {
      const kinds = path.at(-1) === 'expiry' ? kindsOfExpiry(value) : [];
      if (kinds.length > 1)
        return tell(
          `has ${kinds.length} kinds, and lots lapse by one: write ${kinds.join(', or ')}`,
        );
      const branch = nearestBranch(issue.errors);
      return branch.length === 0
        ? tell('cannot be read: look into its description')
        : branch.flatMap((own) =>
            inWords({ ...own, path: [...issue.path, ...own.path] }, document),
          );
    }
    case 'invalid_format':
      return tell(ofForm(issue.format, issue.message, value));
    case 'too_small':
      return tell(bounds('at least', issue.minimum, issue.origin));
    case 'too_big':
      return tell(bounds('at most', issue.maximum, issue.origin));
    default:
      return tell(
        path.at(-1) === 'currency' ? `${issue.message}: three letters, such as EUR` : issue.message,
      );
  }
};

/** Each kind of expiry that a value has, as it is written alone. */
const kindsOfExpiry = (value: unknown): string[] =>
  ['months', 'on', 'inactiveMonths'].flatMap((kind) => {
    const own = at(value, kind);
    return own === undefined ? [] : [`{ ${kind}: ${plain(own).slice(0, shownMax)} }`];
  });

const valueAt = (document: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined,
    document,
  );

const shownMax = 40;
/** A scalar as it was written, more or less. */
const plain = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const ofType = (expected: string, value: unknown): string => {
  if (value === undefined || value === null)
    return `is missing: write ${examples[expected] ?? expected}`;
  switch (expected) {
    case 'string':
      return typeof value === 'object'
        ? 'must be one text'
        : `must stand in quotes: '${plain(value).slice(0, shownMax)}'`;
    case 'int':
    case 'number': {
      const digits = typeof value === 'string' ? /^\d{1,15}/.exec(value)?.[0] : undefined;
      return digits === undefined
        ? 'must be a whole number'
        : `must be a whole number without quotes: ${digits}`;
    }
    case 'array':
      return typeof value === 'object'
        ? 'must be a list: begin each item with "- "'
        : `must be a list: [${plain(value).slice(0, shownMax)}]`;
    case 'boolean':
      return 'must be true or false';
    default:
      return `must have fields of its own, and is a ${Array.isArray(value) ? 'list' : typeof value}`;
  }
};

const examples: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a whole number',
  array: 'a list',
  object: 'its fields',
};

const oneOf = (values: readonly string[], value: unknown): string => {
  if (value === undefined) return `is missing: write ${values.join(', or ')}`;
  const nearest = typeof value === 'string' ? nearestOf(value, values) : null;
  const meant = nearest === null ? '' : `: did you mean ${nearest}?`;
  return values.length === 1
    ? `must be ${values.join()}`
    : `must be one of ${values.join(', ')}${meant}`;
};

/** Written as it is to be, but for a day that does not exist. */
const isOnNoDay = (format: string, value: unknown): boolean => {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})(T.+)?$/u.exec(String(value)) ?? [];
  if (day === undefined || (format === 'date') !== (time === undefined)) return false;
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) || !new Date(at).toISOString().startsWith(day);
};

const ofForm = (format: string, message: string, value: unknown): string => {
  if ((format === 'date' || format === 'datetime') && isOnNoDay(format, value))
    return 'is on a day that no calendar has: look at its month';
  if (format === 'datetime')
    return `must be a moment with its offset, in quotes, such as '2026-01-01T00:00:00+01:00'`;
  if (format === 'date') return `must be a day, in quotes, such as '2026-12-24'`;
  const text = typeof value === 'string' ? value.slice(0, shownMax).trim() : '';
  if (message.startsWith('must be a decimal')) {
    const number = /^\D{0,5}(\d{1,15}(?:[.,]\d{1,12})?)\D{0,5}$/.exec(text)?.[1];
    return number === undefined ? message : `${message}: here '${number.replace(',', '.')}'`;
  }
  if (message.startsWith('must be lower-case')) {
    const name = text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '');
    return name === '' ? message : `${message}: here ${name}`;
  }
  return message;
};

const bounds = (side: string, limit: number | bigint, origin: string): string =>
  origin === 'string'
    ? `must have ${side} ${limit} characters`
    : origin === 'array'
      ? `must have ${side} ${limit} items`
      : `must be ${side} ${limit}`;

/** Of several forms the one that was probably meant: whose fields are known, and with the fewest faults. */
const nearestBranch = (branches: readonly (readonly Issue[])[]): readonly Issue[] => {
  const far = (issues: readonly Issue[]): number =>
    issues.reduce(
      (sum, { code, path }) => sum + (path.length === 0 ? (code === 'invalid_value' ? 5 : 10) : 1),
      0,
    );
  return (
    branches.reduce<readonly Issue[] | null>(
      (best, branch) => (best === null || far(branch) < far(best) ? branch : best),
      null,
    ) ?? []
  );
};

/** So many are told with what may have been meant: who has more has another format. */
const unknownMax = 100;

const unknownFields = (
  path: readonly (string | number)[],
  keys: readonly string[],
): FormFault[] => {
  const known = fieldsAt(path).filter((field) => field !== 'rulebook');
  const there = known.length === 0 ? '' : `: there are ${known.join(', ')}`;
  return keys.slice(0, unknownMax).map((key) => {
    const nearest = nearestOf(key, known);
    const meant = nearest === null ? there : `: did you mean ${nearest}?`;
    return { path: [...path, key], message: `there is no such field${meant}` };
  });
};

let format: object | null = null;

/** The names of fields at a place of the format. */
const fieldsAt = (path: readonly (string | number)[]): string[] => {
  format ??= rulebookJsonSchema();
  let places: unknown[] = [format];
  for (const part of path)
    places = places
      .flatMap(forms)
      .map((place) =>
        typeof part === 'number' ? at(place, 'items') : at(at(place, 'properties'), part),
      );
  return places.flatMap(forms).flatMap((place) => Object.keys(at(place, 'properties') ?? {}));
};

const at = (place: unknown, name: string): unknown =>
  typeof place === 'object' && place !== null ? Reflect.get(place, name) : undefined;

const forms = (place: unknown): unknown[] => {
  const several = at(place, 'anyOf');
  return Array.isArray(several) ? several.flatMap(forms) : [place];
};
