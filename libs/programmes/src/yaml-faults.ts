import type { YAMLError } from 'yaml';

/** What a YAML reader says, for a person who indents. The faults that only follow from another one are left out. */
export const yamlFaults = (errors: readonly YAMLError[], text: string): readonly YamlFault[] => {
  const told: YamlFault[] = [];
  let lost = false;
  for (const { code, pos, message } of errors) {
    if (lost && structural.has(code)) continue;
    lost ||= structural.has(code);
    told.push({ offset: pos[0], message: wordsOf(code, message, lineAt(text, pos[0])) });
  }
  return told;
};

export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

/** After one of these what follows is read otherwise than it is meant. */
const structural: ReadonlySet<string> = new Set([
  'TAB_AS_INDENT',
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MULTILINE_IMPLICIT_KEY',
  'MISSING_CHAR',
  'UNEXPECTED_TOKEN',
  'BLOCK_IN_FLOW',
]);

const wordsOf = (code: string, message: string, line: string): string => {
  if (/^\s*[\u00a0\u2007\u202f]/u.test(line))
    return 'is indented with no-break spaces, which look like spaces and are none: write spaces';
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'is indented with a tab: write spaces';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BAD_INDENT':
      return 'cannot be read: indent it like the lines of its kind around it, and put text that holds ": " in quotes';
    case 'MULTIPLE_DOCS':
      return 'begins a second document: a file holds one';
    case 'UNEXPECTED_TOKEN':
    case 'MISSING_CHAR':
      if (quotedTwice(line))
        return `cannot be read: a text in a condition within '...' stands in double quotes, ${example}`;
      return badlyQuoted(line)
        ? `cannot be read: put the whole condition in single quotes, and a text within it in double ones, ${example}`
        : message.slice(0, messageMax);
    default:
      return message.slice(0, messageMax);
  }
};

/** A text in single quotes within a condition in single quotes ends it. */
const quotedTwice = (line: string): boolean =>
  /\b(?:when|lines):\s*'[^']*'[^\s',}\]][^']*'/u.test(line);

/** A condition that is in no quotes, or in double ones, which a text within it ends. */
const badlyQuoted = (line: string): boolean =>
  /\b(?:when|lines):\s*(?!'[^']*'\s*(?:[,}]|$))\S/u.test(line);

const example = `such as 'receipt.channel == "web"'`;
const messageMax = 200;
const lineMax = 200;
const lineAt = (text: string, offset: number): string => {
  const begin = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  return text.slice(begin, begin + lineMax);
};

/** What goes wrong where a document repeats a part of itself (`*name`). */
export const aliasFault = (error: unknown, text: string): YamlFault => {
  const said = error instanceof Error ? error.message : String(error);
  const message = said.slice(0, messageMax);
  const [, name] = /^Unresolved alias .*: (\S{1,200})$/.exec(message) ?? [];
  if (name === undefined)
    return {
      offset: 0,
      message: `repeats too much of itself by aliases: write it out (${message})`,
    };
  return {
    offset: Math.max(0, text.indexOf(`*${name}`)),
    message: `there is no &${name} to repeat; a text that begins with * stands in quotes`,
  };
};
