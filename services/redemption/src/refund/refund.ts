import {
  contentHash,
  newEvent,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import {
  factId,
  ledgerStream,
  type AccountId,
  type Clock,
  type Points,
  type ProgramId,
} from '@tallystick/kernel';
import {
  decideRefund,
  valuation,
  type MergedAway,
  type RedemptionRefunded,
} from '@tallystick/ledger';
import type { Heard } from '../accounts/heard.js';
import type { InTurn } from '../accounts/in-turn.js';
import { loadAccount, type Loaded } from '../accounts/ledger.js';
import { attemptsMax } from '../redeem/redeem.js';
import { readRequest, redemptionFact, redemptionStream } from '../redeem/redemption-stream.js';

export interface Refunded {
  readonly redemption: string;
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly points: Points.Points;
  /** What of them paid what the account owed. */
  readonly arrearsPaid: number;
  readonly available: Points.Points;
}

export type RefundAnswer =
  | { readonly kind: 'refunded'; readonly refunded: Refunded; readonly position: bigint }
  | { readonly kind: 'redemption-unknown' }
  | { readonly kind: 'already-refunded' }
  | MergedAway
  | { readonly kind: 'key-reused' };

const dayMs = 86_400_000;

/** Gives a redemption's lots back, once. The fact is caller and key, on the redemption that it names. */
export const refund = async (
  deps: {
    readonly store: EventStore;
    readonly clock: Clock;
    readonly turns: InTurn;
    readonly heard: Heard;
  },
  caller: string,
  key: string,
  command: { readonly program: ProgramId; readonly redemption: string; readonly reason: string },
  metadata: Omit<EventMetadata, 'program' | 'occurredAt' | 'recordedAt'>,
): Promise<RefundAnswer> => {
  const { store, clock, heard } = deps;
  const { program, redemption, reason } = command;
  const begun = await readRequest(store, redemptionStream(program, redemption));
  if (begun === null) return { kind: 'redemption-unknown' };
  const { account: id } = begun.request;
  const fact = factId('refund', program, redemption, contentHash({ caller, key }).slice(0, 32));
  const factHash = contentHash(command);
  return deps.turns.run(ledgerStream(program, id), async () => {
    const seen: { event: RedemptionRefunded; available: Points.Points; position: bigint }[] = [];
    const readOn = (before?: Loaded): Promise<Loaded> =>
      loadAccount(
        store,
        program,
        id,
        (event, recorded, after) => {
          if (event.type !== 'RedemptionRefunded' || event.data.fact !== fact) return;
          const { available } = valuation(after, event.data.occurredAt);
          seen.push({ event, available, position: recorded.position });
        },
        before,
      );
    /** The same whenever it is told: from what the stream has said by then. */
    const told = (): RefundAnswer | null => {
      const [known] = seen;
      if (known === undefined) return null;
      const { event, available, position } = known;
      if (event.data.factHash !== factHash) return { kind: 'key-reused' };
      const { points } = event.data;
      const arrearsPaid = event.data.arrearsPaid.reduce((sum, paid) => sum + paid.points, 0);
      const refunded = { redemption, program, account: id, points, arrearsPaid, available };
      return { kind: 'refunded', refunded, position };
    };
    let account = await readOn();
    for (let attempt = 0; ; attempt += 1) {
      const answer = told();
      if (answer !== null) return answer;
      if (attempt === attemptsMax)
        throw new Error(`the account was written by others ${attemptsMax} times in a row`);
      const at = clock();
      const terms = await heard.termsAt(program, at);
      const decision = decideRefund(
        account.state,
        {
          fact,
          factHash,
          redemption: redemptionFact(program, redemption),
          reason,
          graceMs: (terms?.refundGraceDays ?? 0) * dayMs,
        },
        at,
      );
      if (decision.kind === 'unknown-redemption') return { kind: 'redemption-unknown' };
      if (decision.kind === 'already-refunded' || decision.kind === 'merged') return decision;
      if (decision.kind === 'known' || decision.kind === 'conflict')
        throw new Error(`refund ${fact} is on the account and was not seen`);
      const envelope = { ...metadata, program, occurredAt: at, recordedAt: at };
      await store.append([
        {
          stream: account.stream,
          expected: account.revision,
          events: decision.events.map(({ type, data }, ordinal) =>
            newEvent(fact, ordinal, { type, data }, envelope),
          ),
        },
      ]);
      // Written, or written by others: what is on the stream now says which.
      account = await readOn(account);
    }
  });
};
