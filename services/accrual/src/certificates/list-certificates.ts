import type { CertificateList, CertificateV1 } from '@tallystick/contracts';
import type { Accounts } from '@tallystick/accounts';
import {
  Exact,
  minorUnitDigits,
  type AccountId,
  type Clock,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import {
  activityOfFact,
  certificateStatus,
  dayOf,
  entitlement,
  type Account,
  type CertificateState,
  type DayActivity,
} from '@tallystick/ledger';
import { certificateOffersOn } from '@tallystick/rulebook';
import { rulebookOf, type Catalog, type Program } from '../programs/catalog.js';

export type CertificatesAnswer =
  | { readonly kind: 'listed'; readonly list: CertificateList }
  | { readonly kind: 'program-unknown' }
  | { readonly kind: 'account-unknown' }
  | { readonly kind: 'account-merged'; readonly successor: AccountId };

/** An account's certificates as they are now, each with what makes it up. */
export const listCertificates = async (
  {
    accounts,
    catalog,
    clock,
  }: { readonly accounts: Accounts; readonly catalog: Catalog; readonly clock: Clock },
  program: ProgramId,
  account: AccountId,
): Promise<CertificatesAnswer> => {
  const published = await catalog.read(program);
  if (published === null) return { kind: 'program-unknown' };
  return accounts.look(program, account, (state): CertificatesAnswer => {
    if (state.opened === null) return { kind: 'account-unknown' };
    if (state.merged !== null) return { kind: 'account-merged', successor: state.merged.into };
    const asOf = clock();
    const certificates = [...state.certificates.values()]
      .sort((a, b) => order(b.period.last, a.period.last) || order(a.id, b.id))
      .map((one) => explained(state, one, published, asOf));
    return { kind: 'listed', list: { program, account, asOf, certificates } };
  });
};

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** From the account and the version alone: the rule's steps, and the days and receipts that it counts. */
const explained = (
  account: Account,
  state: CertificateState,
  program: Program,
  at: Instant,
): CertificateV1 => {
  const { by, currency, period, rule, reached, rulebook } = state;
  const { book } = rulebookOf(program, rulebook);
  const offer = certificateOffersOn(book, period.first).find((one) => one.rule === rule);
  if (offer === undefined)
    throw new Error(
      `version ${rulebook.version} has no certificate ${rule}, which gave ${state.id}`,
    );
  const now = entitlement(account, offer);
  const money = (minor: number): string => major(minor, currency);
  const amount = (count: number): string => (by === 'spend' ? money(count) : String(count));
  const counted = ({ spendMinor, points }: DayActivity): number =>
    by === 'spend' ? spendMinor : points;
  const within = (day: string): boolean => day >= period.first && day <= period.last;
  return {
    ...{ certificate: state.id, status: certificateStatus(state, at), rule, by, period, currency },
    ...{ value: money(state.valueMinor), validUntil: state.validUntil, funder: state.funder },
    ...{ rulebook, reached: amount(reached), threshold: state.from },
    steps: offer.steps.map(({ from, valueMinor }) => ({ from, value: money(valueMinor) })),
    corrections: state.corrections,
    now: { reached: amount(now.reached), value: money(now.valueMinor) },
    days: [...account.history]
      .filter(([day, activity]) => within(day) && counted(activity) !== 0)
      .sort(([a], [b]) => order(a, b))
      .map(([day, activity]) => ({ day, amount: amount(counted(activity)) })),
    receipts: [...account.facts.values()]
      .map((fact) => ({ fact, day: dayOf(fact) }))
      .filter(({ day }) => within(day))
      .map(({ fact, day }) => ({
        fact: fact.id,
        day,
        count: counted(activityOfFact(account, fact)),
      }))
      .filter(({ count }) => count !== 0)
      .sort((a, b) => order(a.day, b.day) || order(a.fact, b.fact))
      .map(({ fact, day, count }) => ({ fact, day, amount: amount(count) })),
    uses: state.uses.map(({ use, at: usedAt, reference, back }) => ({
      ...{ use, at: usedAt, reference, givenBack: back !== null },
    })),
  };
};

const major = (minor: number, currency: string): string =>
  Exact.toDecimal(Exact.ratio(BigInt(minor), 10n ** BigInt(minorUnitDigits(currency))));
