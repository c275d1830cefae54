import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[a-z0-9._-]+$/);

const manifestFile = z.strictObject({
  format: z.literal(1),
  madeAt: z.iso.datetime(),
  /** The last event's place in the store; everything else is as it was at that moment. */
  position: z.int().nonnegative(),
  /** The id of the last event: tells one store from another. */
  lastEvent: z.string().nullable(),
  /** The events in order, without gaps; files are only ever added. `sha256` is of the text, not of the gzip. */
  segments: z.array(z.strictObject({ file: fileName, first: z.int(), last: z.int(), sha256 })),
  schemas: z.array(
    z.strictObject({
      schema: z.string(),
      /** The last migration that was applied; rows have the shape that it left. */
      migration: z.string(),
      tables: z.array(z.strictObject({ table: z.string(), file: fileName, rows: z.int(), sha256 })),
    }),
  ),
});
export type Manifest = z.output<typeof manifestFile>;
export type Segment = Manifest['segments'][number];

/** Something is wrong with a backup, or it does not fit; the message says what to do. */
export class BackupUnusable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupUnusable';
  }
}

const nameOf = (folder: string): string => path.join(folder, 'manifest.json');

/** Undefined where there is no backup yet. Throws `BackupUnusable` for one that cannot be read. */
export const readManifest = async (folder: string): Promise<Manifest | undefined> => {
  let text: string;
  try {
    text = await readFile(nameOf(folder), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return manifestFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new BackupUnusable(
      `${nameOf(folder)} is damaged, or of a newer release: choose another folder`,
      { cause },
    );
  }
};

/** What the folder holds is from now on what the manifest says: it appears whole, and last. */
export const writeManifest = async (folder: string, manifest: Manifest): Promise<void> => {
  const half = `${nameOf(folder)}.half`;
  await writeFile(half, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(half, nameOf(folder));
};
