import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { dataFolder, readLocalKeys } from '../system/data-folder.js';
import { signToken, type Role, type TokenClaims } from '../system/token.js';
import type { Run } from './run.js';

export interface TokenOptions {
  readonly role: readonly Role[];
  /** Default of these three: all. */
  readonly program?: readonly string[];
  readonly chain?: readonly string[];
  readonly store?: readonly string[];
  readonly subject: string;
  readonly member?: string;
  readonly account?: string;
  readonly partner?: string;
  /** Seconds. */
  readonly expires: number;
  readonly json?: boolean;
}

const all = ['*'];

/** `tally token`: signs a bearer token with the local system's key. */
export const printToken = async (run: Run, options: TokenOptions): Promise<ExitCode> => {
  const folder = dataFolder(run.env);
  const keys = await readLocalKeys(folder);
  if (keys === null)
    throw new Failure(
      exitCodes.usage,
      `there is no keys.json in ${folder}: npm start makes it, TALLYSTICK_DATA names another folder`,
    );
  const claims: TokenClaims = {
    subject: options.subject,
    roles: options.role,
    programs: options.program ?? all,
    chains: options.chain ?? all,
    stores: options.store ?? all,
    ...(options.member === undefined ? {} : { member: options.member }),
    ...(options.account === undefined ? {} : { account: options.account }),
    ...(options.partner === undefined ? {} : { partner: options.partner }),
  };
  const token = await signToken(keys, claims, options.expires);
  run.terminal.out(
    options.json === true
      ? JSON.stringify({ token, expiresInSeconds: options.expires, claims }, null, 2)
      : token,
  );
  return exitCodes.ok;
};

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90s`, `30m`, `1h`, `7d` in seconds; null for anything else. */
export const durationSeconds = (text: string): number | null => {
  const match = /^([1-9]\d{0,5})([smhd])$/.exec(text);
  const unit = match?.[2];
  return unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
    ? Number(match?.[1]) * unitSeconds[unit]
    : null;
};
