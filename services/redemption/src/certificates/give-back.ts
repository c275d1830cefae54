import { contentHash } from '@tallystick/event-store';
import {
  factId,
  type AccountId,
  type FactId,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import { decideGiveBack, type CertificateGivenBack } from '@tallystick/ledger';
import { readHistory } from '../orders/history.js';
import {
  carryOut,
  recall,
  type Cause,
  type Means,
  type Order,
  type Outcome,
} from '../orders/order.js';
import { readPin } from '../orders/pin.js';
import { certificateUseFact, certificateUseStream } from './certificate-use-stream.js';
import { majorOf } from './use-certificate.js';

export interface GiveBackRequest {
  readonly program: ProgramId;
  readonly use: string;
  readonly reason: string;
}

export interface GivenBack {
  readonly use: string;
  readonly program: ProgramId;
  /** Where the certificate is now: the account that used it, or its successor. */
  readonly account: AccountId;
  readonly certificate: string;
  /** Major units. */
  readonly value: string;
  readonly currency: string;
  readonly validUntil: Instant;
}

export type GiveBackRefusal =
  | { readonly kind: 'use-unknown' }
  | { readonly kind: 'already-given-back' }
  /** It is older than what the account remembers of itself. */
  | { readonly kind: 'use-too-old' };

const dayMs = 86_400_000;

/** Gives a certificate back whose sale was cancelled, once. The fact is caller and key, on the use that it names. */
export const giveBack = async (
  means: Means,
  caller: string,
  key: string,
  request: GiveBackRequest,
  cause: Cause,
): Promise<Outcome<GivenBack, GiveBackRefusal>> => {
  const { program, use } = request;
  const { store, programs, clock } = means;
  const pin = await readPin(store, certificateUseStream(program, use));
  if (pin === null) return { kind: 'use-unknown' };
  const book = await programs.inForce(program, clock());
  const graceMs = (book?.refunds.graceDays ?? 0) * dayMs;
  const order = orderFor(request, contentHash({ caller, key }).slice(0, 32), cause, graceMs);
  const outcome = await carryOut(means, order, pin.account);
  if (outcome.kind !== 'use-unknown') return outcome;
  return fromHistory(means, order, pin.account);
};

type GiveBackOrder = Order<GivenBack, GiveBackRefusal> & {
  readonly hash: string;
  readonly of: CertificateGivenBack['data']['use'];
};

const orderFor = (
  request: GiveBackRequest,
  name: string,
  cause: Cause,
  graceMs: number,
): GiveBackOrder => {
  const { program, use, reason } = request;
  const fact = factId('certificateback', program, use, name);
  const of = certificateUseFact(program, use);
  const hash = contentHash(request);
  return {
    ...{ program, fact, cause, hash, of, firstOrdinal: 0 },
    decide: (state, at) => {
      const command = { fact, factHash: hash, use: of, reason, graceMs };
      const decision = decideGiveBack(state, command, at);
      switch (decision.kind) {
        case 'given-back':
          return { kind: 'write', events: [decision.event] };
        case 'unopened':
        case 'unknown-use':
          return { kind: 'refused', refusal: { kind: 'use-unknown' } };
        case 'already-given-back':
          return { kind: 'refused', refusal: { kind: 'already-given-back' } };
        default:
          return decision;
      }
    },
    owns: (event) => event.type === 'CertificateGivenBack' && event.data.fact === fact,
    tell: ([event], after) => {
      if (event?.type !== 'CertificateGivenBack' || after.opened === null)
        throw new Error('what is given back is told from its event on an account');
      const { certificate, valueMinor, currency, validUntil } = event.data;
      const { account } = after.opened;
      const value = majorOf(valueMinor, currency);
      return { use, program, account, certificate, value, currency, validUntil };
    },
  };
};

/** Accounts forget certificates that are over when periods are closed: their events still tell. */
const fromHistory = async (
  { store }: Means,
  order: GiveBackOrder,
  account: AccountId,
): Promise<Outcome<GivenBack, GiveBackRefusal>> => {
  const uses: FactId[] = [];
  const backs: CertificateGivenBack['data'][] = [];
  await readHistory(store, order.program, account, ({ type, data }) => {
    if (type === 'CertificateUsed') uses.push(data.use);
    else if (type === 'CertificateGivenBack' && data.use === order.of) backs.push(data);
  });
  const own = backs.find(({ fact }) => fact === order.fact);
  if (own !== undefined && own.factHash !== order.hash) return { kind: 'key-reused' };
  const told = own === undefined ? null : await recall(store, order, account);
  if (told !== null) return told;
  if (backs.length > 0) return { kind: 'already-given-back' };
  return { kind: uses.includes(order.of) ? 'use-too-old' : 'use-unknown' };
};
