import type { FactId, StreamName } from '@tallystick/kernel';
import { emptyAccount, LedgerReader, type Account } from '@tallystick/ledger';
import { programAndId } from '../views/stream-parts.js';
import type { Award } from './award.js';

export interface LedgerState {
  readonly stream: string;
  readonly program: string;
  readonly accountId: string;
  /** Folded by the domain's own `evolve`: the views hold no second opinion on what an event means. */
  readonly account: Account;
  /** Has the parts of an event whose head has not come yet. */
  readonly reader: LedgerReader;
  readonly postings: Map<string, number>;
  readonly awards: Map<FactId, Award>;
  weight: number;
}

export const beginLedger = (stream: StreamName, account: Account = emptyAccount()): LedgerState => {
  const [program, accountId] = programAndId(stream);
  return {
    stream,
    program,
    accountId,
    account,
    reader: new LedgerReader(),
    postings: new Map(),
    awards: new Map(),
    weight: 1,
  };
};
