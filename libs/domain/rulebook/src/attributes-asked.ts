import type { ConditionValue } from '@tallystick/conditions';
import { engineOf } from './engine/compile.js';
import type { AttributeType, Rulebook } from './rulebook.js';

/** What is told of a member, by the attribute's name, as it is stored with an award: conditions see the same. */
export type ToldAttributes = Readonly<
  Record<string, boolean | number | string | readonly string[]>
>;

const prefix = 'member.';
/** Of a member's names those that managers do not tell: the account says them, or enrollment is asked (`birthdayAsked`). */
const notTold: readonly string[] = ['tier', 'firstPurchase', 'inBirthdayWindow'];
const builtIn: Readonly<Record<string, AttributeType>> = { segments: 'strings' };

const asked = new WeakMap<Rulebook, ReadonlyMap<string, AttributeType>>();

/** The attributes that a rulebook's conditions ask of a member and managers tell, with their types; worked out once. Empty: nobody need tell any. */
export const attributesAsked = (book: Rulebook): ReadonlyMap<string, AttributeType> => {
  const known = asked.get(book);
  if (known !== undefined) return known;
  const { asks, discountsAsk } = engineOf(book);
  const found = new Map<string, AttributeType>();
  for (const name of [...asks.receipt, ...discountsAsk.receipt]) {
    const attribute = name.startsWith(prefix) ? name.slice(prefix.length) : null;
    if (attribute === null || notTold.includes(attribute)) continue;
    const type = builtIn[attribute] ?? book.attributes?.[attribute];
    if (type !== undefined) found.set(attribute, type);
  }
  asked.set(book, found);
  return found;
};

/** Whether a value is of a type. */
export const isOfType = (value: ToldAttributes[string], type: AttributeType): boolean => {
  switch (type) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isSafeInteger(value);
    case 'string':
      return typeof value === 'string';
    case 'strings':
      return typeof value === 'object';
  }
};

/** The same as conditions know it: their whole numbers have no bound. */
export const conditionValues = (told: ToldAttributes): Readonly<Record<string, ConditionValue>> =>
  Object.fromEntries(
    Object.entries(told).map(([name, value]) => [
      name,
      typeof value === 'number' ? BigInt(value) : value,
    ]),
  );
