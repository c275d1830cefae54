import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { z } from 'zod';
import { DataFolderUnusable } from '@tallystick/embedded-postgres';
import { localAudience, localIssuerName, makeSigningKey } from '@tallystick/service-host';
import { exists, type DataFolder } from './folder.js';
import { createJson, readJson } from './whole-file.js';

const keyBytes = 32;
const keyText = z.base64().refine((text) => Buffer.from(text, 'base64').length >= keyBytes);

const keysFile = z.object({
  issuer: z.string(),
  audience: z.string(),
  /** A private JWK: signs the bearer tokens of this system. */
  signingKey: z.looseObject({ kty: z.string(), kid: z.string() }),
  /** Base64. Card tokens are made with it: with another key, every card that is known becomes a stranger. */
  cardTokenKey: keyText,
  /** Base64. Wraps the keys of personal data and the secrets of partners. */
  masterKey: keyText,
});
export type Keys = z.output<typeof keysFile>;

/**
 * The keys of a data folder, made before the data are.
 * Throws `DataFolderUnusable` when data are there without their keys: new ones would not open them.
 */
export const keysOf = async (folder: DataFolder): Promise<Keys> => {
  if (await exists(folder.keys)) return await readKeys(folder);
  if (await exists(folder.postgres)) {
    throw new DataFolderUnusable(
      `${folder.keys} is missing, and the data in ${folder.path} cannot be read without it: ` +
        'put it back, or start on an empty folder with --data <folder>',
    );
  }
  const keys: Keys = {
    issuer: localIssuerName,
    audience: localAudience,
    signingKey: keysFile.shape.signingKey.parse(await makeSigningKey()),
    cardTokenKey: randomBytes(keyBytes).toString('base64'),
    masterKey: randomBytes(keyBytes).toString('base64'),
  };
  await createJson(folder.keys, keys);
  return await readKeys(folder);
};

const readKeys = async (folder: DataFolder): Promise<Keys> => {
  const keys = keysFile.safeParse(await readJson(folder.keys));
  if (!keys.success) {
    throw new DataFolderUnusable(
      `${folder.keys} is damaged: put back the file that was there before`,
    );
  }
  await chmod(folder.keys, 0o600);
  return keys.data;
};
