import type {
  Budget,
  Cap,
  DiscountRule,
  EarningRule,
  LotLife,
  PartnerRule,
  Reward,
  Rulebook,
  TierLevel,
  Tiers,
} from '@tallystick/rulebook';

/** Parts of a rulebook as sentences, for people who compare two versions. */

type Unit = Pick<Rulebook, 'unit' | 'currency'>;

export const earningWords = (rule: EarningRule, of: Unit): string =>
  [
    howMany(rule, of),
    rule.lines === undefined ? '' : ` on lines where ${rule.lines}`,
    rule.when === undefined ? ', for everybody' : `, when ${rule.when}`,
    (rule.tiered ?? rule.kind === 'base') ? '' : ', the same on every level',
    rule.caps === undefined ? '' : `, ${capsWords(rule.caps, of)}`,
    rule.group === undefined ? '' : `, one of group ${rule.group}`,
    rule.priority === undefined ? '' : ` (priority ${rule.priority})`,
    rule.lots === undefined ? '' : `; they ${lotsWords(rule.lots)}`,
    rule.funder === 'chain' ? '' : `, paid by ${rule.funder}`,
    paidBy(rule),
    `, rounded ${rule.rounding} on each ${rule.level}`,
    (rule.qualifies ?? rule.kind === 'base') ? '' : ', not counted for a level',
  ].join('');

export const howMany = (rule: EarningRule, { unit, currency }: Unit): string => {
  if (rule.extra !== undefined)
    return `${rule.extra} times what ${(rule.of ?? []).join(', ')} gave`;
  if (rule.steps !== undefined)
    return rule.steps
      .map(({ from, points }) => `${points} ${unit} from ${from} ${currency} on`)
      .join(', ');
  const points = `${rule.points ?? 0} ${unit}`;
  if (rule.per !== undefined) return `${points} for each ${rule.per} ${currency}`;
  return rule.each === undefined ? `${points} for a receipt` : `${points} for each ${rule.each}`;
};

export const capsWords = (caps: readonly Cap[], { unit }: Unit): string =>
  caps.map(({ points, per }) => `at most ${points} ${unit} per ${per}`).join(', ');

export const partnerWords = (rule: PartnerRule, { unit, currency }: Unit): string =>
  `${rule.points} ${unit} ${rule.per === null ? 'for each' : `for each ${rule.per} ${currency} of a`} ${rule.type} of ${rule.partner}, rounded ${rule.rounding}${paidBy(rule)}`;

const paidBy = ({ budget }: { readonly budget?: string }): string =>
  budget === undefined ? '' : `, out of budget ${budget}`;

export const budgetWords = (
  { points, money, per, each, returns }: Budget,
  { unit, currency }: Unit,
): string =>
  [
    money === undefined ? `${points ?? 0} ${unit}` : `${money} ${currency}`,
    per === undefined ? ' in all' : ` each ${per}`,
    each === undefined ? '' : ` for each ${each}`,
    returns === 'give-back' ? ', returned points again' : '',
  ].join('');

export const lotsWords = (life: LotLife): string =>
  `${pendingWords(life)}, and ${expiryWords(life.expiry)}`;

export const pendingWords = ({ pendingDays, pendingUntil }: LotLife): string =>
  [
    pendingDays === 0 ? 'can be spent at once' : `can be spent after ${pendingDays} days`,
    pendingUntil === undefined ? '' : `, not before ${pendingUntil}`,
  ].join('');

export const expiryWords = (expiry: LotLife['expiry']): string => {
  if (expiry === 'never') return 'never lapse';
  if ('on' in expiry) return `lapse after ${expiry.on}`;
  if ('inactiveMonths' in expiry)
    return `lapse after ${expiry.inactiveMonths} months in which nothing happens`;
  const end =
    expiry.until === 'day'
      ? ''
      : `, at the ${expiry.until.replaceAll('-', ' ').replace('end of', 'end of the')}`;
  return `lapse ${expiry.months} months after they were earned${end}`;
};

export const levelWords = (
  { from, multiplier, discount, entitlements = [] }: TierLevel,
  by: Tiers['by'],
  { unit, currency }: Unit,
): string =>
  [
    `from ${from} ${by === 'spend' ? currency : by === 'points' ? unit : by} on`,
    multiplier === '1' ? '' : `, ${unit} times ${multiplier}`,
    discount === undefined ? '' : `, ${discount} % off`,
    entitlements.length === 0 ? '' : `, with ${entitlements.join(', ')}`,
  ].join('');

export const ladderWords = ({ by, window, upgrade = 'at-once', downgrade = 'straight' }: Tiers) =>
  `by ${by} over ${window.replaceAll('-', ' ')}; a level begins ${upgrade.replaceAll('-', ' ')}, and ends ${
    typeof downgrade === 'string'
      ? downgrade.replaceAll('-', ' ')
      : `after ${downgrade.graceMonths} months of grace`
  }`;

export const discountWords = (rule: DiscountRule, { currency }: Unit): string =>
  [
    rule.bySpend === undefined
      ? `${rule.percent ?? '0'} % off`
      : `by the spend of the ${rule.bySpend.period} before: ${rule.bySpend.steps
          .map(({ from, percent }) => `${percent} % off from ${from} ${currency} on`)
          .join(', ')}`,
    rule.lines === undefined ? '' : ` on lines where ${rule.lines}`,
    rule.when === undefined ? ', for everybody' : `, when ${rule.when}`,
  ].join('');

export const rewardWords = ({ name, points, tier }: Reward, { unit }: Unit): string =>
  `${name} for ${points} ${unit}${tier === undefined ? '' : `, from level ${tier} on`}`;
