import { localIssuer, makeSigningKey, type LocalIssuer } from '@tallystick/service-host';
import { testDatabase } from '../test-database.js';

/** What the services of one deployment have in common. Made once for a test file. */
export interface Deployment {
  readonly issuer: LocalIssuer;
  readonly env: Readonly<Record<string, string>>;
  /** The deployment's own database, as its server's superuser. */
  readonly adminUrl: string;
  /** Removes the database. Close the services before. */
  readonly drop: () => Promise<void>;
}

export const testDeployment = async (): Promise<Deployment> => {
  const issuer = await localIssuer(await makeSigningKey());
  const database = await testDatabase();
  const { url } = database;
  return {
    issuer,
    adminUrl: url,
    env: {
      TALLYSTICK_ADMIN_DATABASE_URL: url,
      TALLYSTICK_AUTH_JWKS: issuer.jwks,
      TALLYSTICK_CARD_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
      TALLYSTICK_MASTER_KEY: Buffer.alloc(32, 2).toString('base64'),
      TALLYSTICK_HTTP_PORT: '0',
      TALLYSTICK_LOG_LEVEL: 'trace',
    },
    drop: () => database.drop(),
  };
};
