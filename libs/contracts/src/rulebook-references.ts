import { Exact, minorUnitDigits } from '@tallystick/kernel';
import {
  birthdayCondition,
  compileRulebook,
  type Engine,
  type Rulebook,
} from '@tallystick/rulebook';
import { currencyCode } from './currency.js';
import {
  faultOfCondition,
  namedOnce,
  namesExist,
  type ReferenceFault,
  type Tell,
} from './rulebook-names.js';

/** Checks names, references, orders and conditions; every fault is told. */
export const referenceFaults = (book: Rulebook): ReferenceFault[] => {
  const faults: ReferenceFault[] = [];
  const fault = (path: readonly (string | number)[], message: string): void => {
    faults.push({ path, message });
  };
  if (givesNothing(book))
    fault(
      ['earning'],
      'gives nothing: add a rule, a partner rule, a discount, a certificate or a level with a discount',
    );
  namedOnce(book, fault);
  earningForms(book, fault);
  namesExist(book, fault);
  soldOnce(book, fault);
  ladder(book, fault);
  steps(book, fault);
  certificateSteps(book, fault);
  percents(book, fault);
  budgetForms(book, fault);
  const { expiry, pendingDays } = book.lots;
  if (typeof expiry === 'object' && pendingDays >= monthsOf(expiry) * 28)
    fault(['lots', 'pendingDays'], 'lots would lapse before they become available');
  for (const name of Object.keys(book.attributes ?? {}))
    if (['tier', 'firstPurchase', 'inBirthdayWindow', 'segments'].includes(name))
      fault(['attributes', name], `member.${name} is there already: choose another name`);
  const compiled = compileRulebook(book);
  if (compiled.ok) {
    birthdayWindow(compiled.value, fault);
    askedOfLines(compiled.value, fault);
  } else faults.push(...compiled.error.map(faultOfCondition));
  return faults;
};

/**
 * What all `lines` conditions of a document have together: 500 rules of 20 parts. Each is asked of every line of a receipt: of the longest,
 * 10,000 lines, all of them take some 3.5 s of a processor when each amount has 30 digits, and 1 s with usual amounts.
 */
const linePartsMax = 10_000;

const askedOfLines = ({ rules, discounts }: Engine, fault: Tell): void => {
  const parts = [...rules, ...discounts].reduce((sum, { lines }) => sum + (lines?.parts ?? 0), 0);
  if (parts > linePartsMax)
    fault(
      ['earning'],
      `asks too much of each line: its \`lines\` conditions, and those of discounts, have ${parts} names, values and operators together, of which there may be ${linePartsMax}: ask of the receipt by \`when\`, or by \`in\` of many values at once`,
    );
};

/** What asks for birthdays needs to know how many days around them count. */
const birthdayWindow = ({ book, rules, discounts }: Engine, fault: Tell): void => {
  if (book.birthday !== undefined) return;
  for (const [list, checked] of [
    ['earning', rules],
    ['discounts', discounts],
  ] as const)
    checked.forEach((one, index) => {
      for (const part of ['when', 'lines'] as const)
        if (one[part]?.names.includes(birthdayCondition) === true)
          fault(
            [list, index, part],
            `asks ${birthdayCondition}: say how many days that is, as in birthday: { daysBefore: 3, daysAfter: 3 }`,
          );
    });
};

const monthsOf = (expiry: Exclude<Rulebook['lots']['expiry'], 'never'>): number =>
  'months' in expiry
    ? expiry.months
    : 'inactiveMonths' in expiry
      ? expiry.inactiveMonths
      : Infinity;

const givesNothing = ({
  earning,
  partnerEvents,
  discounts = [],
  certificates = [],
  tiers,
}: Rulebook): boolean =>
  earning.length === 0 &&
  partnerEvents.length === 0 &&
  discounts.length === 0 &&
  certificates.length === 0 &&
  !(tiers?.levels ?? []).some(({ discount }) => discount !== undefined);

const earningForms = ({ earning }: Rulebook, fault: Tell): void => {
  const byId = new Map(earning.map((rule) => [rule.id, rule]));
  earning.forEach((rule, index) => {
    const at = ['earning', index] as const;
    if (rule.priority !== undefined && rule.group === undefined)
      fault([...at, 'priority'], 'goes with group');
    const forms = [rule.points, rule.steps, rule.extra].filter((form) => form !== undefined);
    if (forms.length !== 1) {
      fault([...at], 'says how many points by exactly one of points, steps and extra');
      return;
    }
    if (rule.per !== undefined && rule.each !== undefined)
      fault([...at, 'each'], 'points are given per amount, or for each line or unit: not both');
    if (rule.points === undefined && (rule.per !== undefined || rule.each !== undefined))
      fault([...at, rule.per === undefined ? 'each' : 'per'], 'goes with points');
    if (rule.extra === undefined && rule.of !== undefined) fault([...at, 'of'], 'goes with extra');
    if (rule.extra !== undefined && rule.of === undefined)
      fault([...at, 'extra'], 'needs `of`: the rules that it adds to');
    for (const [position, name] of (rule.of ?? []).entries()) {
      const other = byId.get(name);
      if (other === undefined) continue;
      if (other.extra !== undefined)
        fault(
          [...at, 'of', position],
          `${name} is an extra itself: name the rules that it adds to`,
        );
      else if (other.group !== undefined)
        fault(
          [...at, 'of', position],
          `${name} is in group ${other.group}, and may not be taken: put this rule there, or take ${name} out`,
        );
    }
  });
};

const soldOnce = ({ memberships = [] }: Rulebook, fault: Tell): void => {
  memberships.forEach(({ product }, index) => {
    if (memberships.findIndex((other) => other.product === product) !== index)
      fault(['memberships', index, 'product'], `${product} pays for another one already`);
  });
};

const budgetForms = ({ budgets = [], earning, redemption }: Rulebook, fault: Tell): void => {
  budgets.forEach(({ id, points, money, each }, index) => {
    if ((points === undefined) === (money === undefined))
      fault(['budgets', index], 'says how much by exactly one of points and money');
    if (money !== undefined && redemption === null)
      fault(['budgets', index, 'money'], 'needs redemption: what points are worth');
    const rule = earning.findIndex(({ budget }) => budget === id);
    if (each === 'sender' && rule >= 0)
      fault(['earning', rule, 'budget'], `${id} is for senders of events: a receipt has none`);
  });
};

const ladder = ({ tiers, memberships }: Rulebook, fault: Tell): void => {
  if (tiers === null) return;
  tiers.levels.forEach((level, index) => {
    const at = ['tiers', 'levels', index] as const;
    const before = tiers.levels[index - 1];
    const from = Exact.exact(level.from);
    if (before === undefined) {
      if (!Exact.isZero(from)) fault([...at, 'from'], 'the first level must begin at "0"');
    } else if (Exact.compare(from, Exact.exact(before.from)) <= 0 && tiers.by !== 'paid') {
      fault([...at, 'from'], `must be above ${before.from}: levels ascend`);
    }
    if ((tiers.by === 'points' || tiers.by === 'visits') && from.d !== 1n)
      fault([...at, 'from'], `must be whole: it counts ${tiers.by}`);
    if (tiers.levels.findIndex((other) => other.id === level.id) !== index)
      fault([...at, 'id'], `a level named ${level.id} is there already`);
  });
  if (tiers.by === 'paid' && (memberships ?? []).length === 0)
    fault(['tiers', 'by'], 'levels that are paid for need memberships');
  if (tiers.window === 'lifetime' && tiers.upgrade === 'next-window')
    fault(['tiers', 'upgrade'], 'a lifetime has no next window');
};

const steps = (book: Rulebook, fault: Tell): void => {
  const ascend = (
    path: readonly (string | number)[],
    list: readonly { readonly from: string }[],
  ): void => {
    list.forEach(({ from }, index) => {
      const before = list[index - 1];
      if (before !== undefined && Exact.compare(Exact.exact(from), Exact.exact(before.from)) <= 0)
        fault([...path, index, 'from'], `must be above ${before.from}: steps ascend`);
    });
  };
  book.earning.forEach((rule, index) => {
    ascend(['earning', index, 'steps'], rule.steps ?? []);
  });
  book.discounts?.forEach((discount, index) => {
    ascend(['discounts', index, 'bySpend', 'steps'], discount.bySpend?.steps ?? []);
  });
  book.certificates?.forEach((certificate, index) => {
    ascend(['certificates', index, 'steps'], certificate.steps);
  });
};

/** A certificate is money that is handed out: whole minor units, for something that was done, and never less for more. */
const certificateSteps = ({ certificates = [], currency }: Rulebook, fault: Tell): void => {
  // A currency that is none is told where it stands.
  if (!currencyCode.safeParse(currency).success) return;
  const perMajor = Exact.exact(10n ** BigInt(minorUnitDigits(currency)));
  const most = Exact.exact(Number.MAX_SAFE_INTEGER);
  certificates.forEach(({ by, steps: list }, index) => {
    list.forEach(({ from, value }, at) => {
      const path = ['certificates', index, 'steps', at] as const;
      const before = list[at - 1];
      for (const [field, amount] of [
        ['from', from],
        ['value', value],
      ] as const)
        if (Exact.compare(Exact.multiply(Exact.exact(amount), perMajor), most) > 0)
          fault([...path, field], 'is more than is counted');
      if (!Exact.isPositive(Exact.exact(from)))
        fault([...path, 'from'], 'must be above 0: who did nothing gets nothing');
      if (by === 'points' && Exact.exact(from).d !== 1n)
        fault([...path, 'from'], 'must be whole: it counts points');
      if (Exact.multiply(Exact.exact(value), perMajor).d !== 1n)
        fault([...path, 'value'], `is finer than ${currency} is paid in`);
      if (before !== undefined && Exact.compare(Exact.exact(value), Exact.exact(before.value)) <= 0)
        fault([...path, 'value'], `must be above ${before.value}: a higher step gives more`);
    });
  });
};

const percents = (book: Rulebook, fault: Tell): void => {
  const hundred = Exact.exact(100);
  const check = (path: readonly (string | number)[], percent: string | undefined): void => {
    if (percent !== undefined && Exact.compare(Exact.exact(percent), hundred) > 0)
      fault(path, 'must be at most 100');
  };
  book.tiers?.levels.forEach(({ discount }, index) => {
    check(['tiers', 'levels', index, 'discount'], discount);
  });
  book.discounts?.forEach(({ percent, bySpend }, index) => {
    check(['discounts', index, 'percent'], percent);
    bySpend?.steps.forEach((step, at) => {
      check(['discounts', index, 'bySpend', 'steps', at, 'percent'], step.percent);
    });
    if ((percent === undefined) === (bySpend === undefined))
      fault(['discounts', index], 'says how much by exactly one of percent and bySpend');
  });
};
