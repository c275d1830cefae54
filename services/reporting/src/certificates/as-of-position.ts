import { foldEveryAccount } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import { accountId, streamName, type FactId, type ProgramId } from '@tallystick/kernel';
import {
  certificatePostings,
  isOutstanding,
  outstandingCertificates,
  type Account,
  type CertificateState,
  type LedgerEvent,
} from '@tallystick/ledger';
import { programAndId } from '../views/stream-parts.js';
import {
  addsUp,
  noTallies,
  type CertificateReport,
  type CurrencyBalance,
  type Happening,
  type RulePeriod,
} from './certificate-report.js';

/**
 * All gift certificates of a programme as of a position: from the store alone, whose ledger it reads once, from the beginning to there. Memory
 * grows with rules and periods, and not with the events (see `foldEveryAccount`).
 * Throws `UnknownLedgerEvent` for an event that this release does not understand.
 */
export const certificatesAsOf = async (
  store: Pick<EventStore, 'readAllBare'>,
  program: ProgramId,
  position: bigint,
): Promise<CertificateReport> => {
  const ofProgram = `${streamName('ledger', program)}-`;
  const report = new Summing();
  await foldEveryAccount(store, (stream, account) => report.whole(stream, account), {
    through: position,
    only: (stream) => stream.startsWith(ofProgram),
    watch: (stream, event) => report.happened(stream, event),
  });
  const rules = report.rules();
  const currencies = report.currencies();
  const balanced =
    currencies.every((of) => of.balanced) && rules.every(({ tallies }) => addsUp(tallies));
  return { rules, currencies, balanced, position };
};

/** What is known of an account that is being folded just now. */
interface Folding {
  /** Each certificate that it was given, or that came with a merge. */
  readonly certificates: Map<FactId, RulePeriod>;
  /** By currency, what was posted to it. */
  readonly posted: Map<string, bigint>;
}

class Summing {
  private readonly byRule = new Map<string, RulePeriod>();
  /** By currency, by posting account. */
  private readonly sums = new Map<string, Map<string, bigint>>();
  private readonly folded = new Map<string, bigint>();
  private readonly differences = new Map<string, number>();
  private readonly folding = new Map<string, Folding>();

  /** Each event of an account, before the account is whole. */
  happened(stream: string, event: LedgerEvent): void {
    const postings = certificatePostings(accountId(programAndId(stream)[1]), event);
    const carried = event.type === 'AccountsMerged' ? event.data.carried.certificates : undefined;
    if (carried === undefined && !event.type.startsWith('Certificate')) return;
    const own = this.folding.get(stream) ?? { certificates: new Map(), posted: new Map() };
    this.folding.set(stream, own);
    for (const state of carried ?? []) own.certificates.set(state.id, this.ruleOf(state));
    if (event.type === 'AccountsMerged') this.moved(event.data.side, carried ?? []);
    for (const { account, currency, minor } of postings) {
      const member = account.startsWith('certificates/member/');
      if (member) add(own.posted, currency, BigInt(minor));
      const sums = this.sums.get(currency) ?? new Map<string, bigint>();
      this.sums.set(currency, sums);
      add(sums, member ? 'certificates/member' : account, BigInt(minor));
    }
    this.count(own, event);
  }

  /** An account as all of its events fold to. */
  whole(stream: string, account: Account): void {
    const posted = this.folding.get(stream)?.posted ?? new Map<string, bigint>();
    this.folding.delete(stream);
    const folded = outstandingCertificates(account);
    for (const currency of new Set([...posted.keys(), ...folded.keys()])) {
      const minor = BigInt(folded.get(currency) ?? 0);
      add(this.folded, currency, minor);
      if (minor !== (posted.get(currency) ?? 0n))
        this.differences.set(currency, (this.differences.get(currency) ?? 0) + 1);
    }
    for (const state of account.certificates.values()) {
      if (!isOutstanding(state)) continue;
      const { outstanding } = this.ruleOf(state).tallies;
      outstanding.count += 1;
      outstanding.minor += BigInt(state.valueMinor);
    }
  }

  rules(): readonly RulePeriod[] {
    const place = ({ period, rule, currency }: RulePeriod): string =>
      [period.first, period.last, rule, currency].join('\t');
    return [...this.byRule.values()].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  }

  currencies(): readonly CurrencyBalance[] {
    const all = new Set([...this.sums.keys(), ...this.folded.keys()]);
    return [...all].sort().map((currency) => {
      const accounts = [...(this.sums.get(currency) ?? [])]
        .map(([account, minor]) => ({ account, minor }))
        .sort((a, b) => (a.account < b.account ? -1 : 1));
      const sum = accounts.reduce((total, { minor }) => total + minor, 0n);
      const posted = this.sums.get(currency)?.get('certificates/member') ?? 0n;
      const folded = this.folded.get(currency) ?? 0n;
      const differenceCount = this.differences.get(currency) ?? 0;
      const balanced = sum === 0n && posted === folded && differenceCount === 0;
      return { currency, accounts, sum, posted, folded, differenceCount, balanced };
    });
  }

  private moved(side: 'source' | 'target', carried: readonly CertificateState[]): void {
    const sign = side === 'source' ? 1 : -1;
    for (const state of carried.filter(isOutstanding)) {
      const { inTransit } = this.ruleOf(state).tallies;
      inTransit.count += sign;
      inTransit.minor += BigInt(sign * state.valueMinor);
    }
  }

  private count(own: Folding, event: LedgerEvent): void {
    switch (event.type) {
      case 'CertificateIssued': {
        own.certificates.set(event.data.fact, this.ruleOf(event.data));
        return tell(own, event.data.fact, 'given', event.data.valueMinor);
      }
      case 'CertificateCorrected': {
        const { certificate, beforeMinor, valueMinor } = event.data;
        return tell(own, certificate, 'changed', valueMinor - beforeMinor);
      }
      case 'CertificateUsed':
        return tell(own, event.data.certificate, 'used', event.data.valueMinor);
      case 'CertificateGivenBack':
        return tell(own, event.data.certificate, 'givenBack', event.data.valueMinor);
      case 'CertificateExpired':
        return tell(own, event.data.certificate, 'expired', event.data.valueMinor);
      default:
        return;
    }
  }

  private ruleOf({
    rule,
    period,
    currency,
  }: Pick<CertificateState, 'rule' | 'period' | 'currency'>): RulePeriod {
    const key = [rule, period.kind, period.first, period.last, currency].join('\t');
    const known = this.byRule.get(key);
    if (known !== undefined) return known;
    const begun = { rule, period, currency, tallies: noTallies() };
    this.byRule.set(key, begun);
    return begun;
  }
}

const tell = (own: Folding, certificate: FactId, what: Happening, minor: number): void => {
  const of = own.certificates.get(certificate);
  if (of === undefined) throw new Error(`certificate ${certificate} was given to nobody`);
  of.tallies[what].count += 1;
  of.tallies[what].minor += BigInt(minor);
};

const add = (sums: Map<string, bigint>, name: string, minor: bigint): void => {
  sums.set(name, (sums.get(name) ?? 0n) + minor);
};
