import { z } from 'zod';
import { conditionFaults, type RuleFault } from '@tallystick/rulebook';

/** What is wrong with a document although each of its fields is right. */
export interface ReferenceFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type Tell = (path: readonly (string | number)[], message: string) => void;

interface Named {
  /** Absent: it cannot be read, and may be any. */
  readonly id?: string | undefined;
}
/** null: it cannot be read, and may hold any name. Absent: there is none. */
type List<Item> = readonly (Named & Item)[] | null;
interface Budgeted {
  readonly budget?: string | undefined;
}
interface Rule extends Budgeted {
  readonly group?: string | undefined;
  readonly of?: readonly string[] | undefined;
}

/** What has a name in a document, and what names it. */
interface NamesOf {
  readonly earning: List<Rule>;
  readonly partnerEvents: List<Budgeted>;
  readonly groups?: List<object>;
  readonly budgets?: List<object>;
  readonly discounts?: List<object>;
  readonly certificates?: List<object>;
  readonly rewards?: List<{ readonly tier?: string | undefined }>;
  readonly memberships?: List<{ readonly level?: string | undefined }>;
  readonly tiers: { readonly levels: List<object> } | null;
}

export const namedOnce = (book: NamesOf, fault: Tell): void => {
  const lists: readonly (readonly [string, List<object> | undefined, string])[] = [
    ['earning', book.earning, 'rule'],
    ['partnerEvents', book.partnerEvents, 'rule'],
    ['groups', book.groups, 'group'],
    ['budgets', book.budgets, 'budget'],
    ['discounts', book.discounts, 'discount'],
    ['certificates', book.certificates, 'certificate'],
    ['rewards', book.rewards, 'reward'],
    ['memberships', book.memberships, 'membership'],
  ];
  const seen = new Set<string>();
  for (const [list, items, kind] of lists) {
    items?.forEach(({ id }, index) => {
      if (id === undefined) return;
      const name = `${kind} ${id}`;
      if (seen.has(name)) fault([list, index, 'id'], `a ${kind} named ${id} is there already`);
      seen.add(name);
    });
  }
};

export const namesExist = (book: NamesOf, fault: Tell): void => {
  const lacks = (list: List<object> = []): ((name: string | undefined) => name is string) => {
    const all = list?.some(({ id }) => id === undefined) ?? true;
    const known = new Set(list?.map(({ id }) => id));
    return (name): name is string => name !== undefined && !all && !known.has(name);
  };
  const noRule = lacks(book.earning);
  const noGroup = lacks(book.groups);
  const noBudget = lacks(book.budgets);
  const noLevel = lacks(book.tiers === null ? [] : book.tiers.levels);
  const budgeted = (list: string, { budget }: Budgeted, index: number): void => {
    if (noBudget(budget))
      fault([list, index, 'budget'], `there is no budget ${budget}: add it to budgets`);
  };
  book.earning?.forEach((rule, index) => {
    rule.of?.forEach((name, position) => {
      if (noRule(name))
        fault(['earning', index, 'of', position], `there is no earning rule ${name}`);
    });
    if (noGroup(rule.group))
      fault(['earning', index, 'group'], `there is no group ${rule.group}: add it to groups`);
    budgeted('earning', rule, index);
  });
  book.partnerEvents?.forEach((rule, index) => {
    budgeted('partnerEvents', rule, index);
  });
  book.rewards?.forEach(({ tier }, index) => {
    if (noLevel(tier)) fault(['rewards', index, 'tier'], `there is no level ${tier}`);
  });
  book.memberships?.forEach(({ level }, index) => {
    if (noLevel(level))
      fault(['memberships', index, 'level'], `there is no level ${level}: add it to tiers`);
  });
};

export const faultOfCondition = ({ field, line, column, message }: RuleFault): ReferenceFault => ({
  path: field.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  message: `at ${line}:${column} of the condition: ${message}`,
});

/** More than any document may have, so that looking through what is none has an end. */
const itemsMax = 1_000;
const word = z.string().max(100).optional().catch(undefined);
const condition = z.string().min(1).max(2_000).optional().catch(undefined);
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .array(z.preprocess((item) => (isObject(item) ? item : {}), z.object({ id: word, ...shape })))
    .max(itemsMax)
    .nullable()
    .default([])
    .catch(null);
const conditioned = { when: condition, lines: condition };

/** Only what names something or is named, of a document that need not be one: what cannot be read is left out. */
const named = z.object({
  earning: listOf({
    ...conditioned,
    ...{ group: word, budget: word },
    of: z.array(z.string().max(100)).max(itemsMax).optional().catch(undefined),
  }),
  partnerEvents: listOf({ budget: word }),
  groups: listOf({}),
  budgets: listOf({}),
  discounts: listOf(conditioned),
  certificates: listOf({}),
  rewards: listOf({ tier: word }),
  memberships: listOf({ level: word }),
  tiers: z
    .object({ levels: listOf({}) })
    .nullable()
    .default(null)
    .catch({ levels: null }),
  attributes: z
    .record(z.string(), z.enum(['bool', 'string', 'strings', 'int']))
    .default({})
    .nullable()
    .catch(null),
});

/** Which names do not exist or stand twice, and what is wrong with conditions, in a document that has faults of form besides. */
export const faultsOfNames = (document: unknown): ReferenceFault[] => {
  const read = named.safeParse(document);
  if (!read.success) return [];
  const { earning, discounts, attributes } = read.data;
  const faults: ReferenceFault[] = [];
  const fault: Tell = (path, message) => faults.push({ path, message });
  namedOnce(read.data, fault);
  namesExist(read.data, fault);
  if (attributes !== null)
    faults.push(
      ...conditionFaults({
        ...{ attributes, earning: earning ?? [], discounts: discounts ?? [] },
      }).map(faultOfCondition),
    );
  return faults;
};
