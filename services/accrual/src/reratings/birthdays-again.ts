import { readAccount } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import type { AccountId, FactId, ProgramId } from '@tallystick/kernel';
import type { Account } from '@tallystick/ledger';
import {
  cardStream,
  decodeCardEvent,
  evolveCard,
  unknownCard,
  type CardState,
  type Fact,
} from '@tallystick/receipts';
import { birthdayAsked, type Rulebook, type ToldAttributes } from '@tallystick/rulebook';
import { keyOfQuestion, type Birthdays } from '../settle/birthdays.js';
import { birthdayQuestion } from '../settle/told.js';

interface Asked {
  readonly account: AccountId;
  readonly program: ProgramId;
  readonly opened: Account['opened'];
  readonly facts: readonly Fact[];
  /** The version that rated the facts, and the one that rates them again. */
  readonly from: Rulebook;
  readonly to: Rulebook;
}

/**
 * What rating facts again needs to know of birthdays. What the wrong version had asked in the same words stays as it was answered then, whatever
 * became of the birthday; else it is asked now, of the facts' own days. Costs nothing where the new version asks nothing.
 */
export const birthdaysAgain = async (
  { store, birthdays }: { readonly store: EventStore; readonly birthdays: Birthdays },
  asked: Asked,
): Promise<(fact: Fact) => ToldAttributes> => {
  const { facts, from, to } = asked;
  const window = birthdayAsked(to);
  if (window === null || facts.length === 0) return () => ({});
  const before = birthdayAsked(from);
  const isSame =
    before?.daysBefore === window.daysBefore &&
    before.daysAfter === window.daysAfter &&
    from.timeZone === to.timeZone;
  const answered = isSame ? await answeredThen(store, asked) : new Map<FactId, boolean>();
  const open = facts.filter(({ id }) => !answered.has(id));
  const cards = await cardsOf(store, open);
  const questions = new Map(
    open.flatMap((fact) => {
      const question = birthdayQuestion({ card: cards }, asked, to, fact);
      return question === null ? [] : [[fact.id, question] as const];
    }),
  );
  const answers = await birthdays.ask([...questions.values()]);
  return ({ id }) => {
    const question = questions.get(id);
    const answer =
      answered.get(id) ??
      (question === undefined ? undefined : answers.get(keyOfQuestion(question)));
    return answer === undefined ? {} : { inBirthdayWindow: answer };
  };
};

/** What is stored with the awards on the account's own stream, by fact: the last of each counts. */
const answeredThen = async (
  store: EventStore,
  { program, account }: Asked,
): Promise<ReadonlyMap<FactId, boolean>> => {
  const answers = new Map<FactId, boolean>();
  await readAccount(store, program, account, ({ type, data }) => {
    if (type !== 'PointsEarned' && type !== 'EarningRerated') return;
    const answer = data.rated?.attributes?.['inBirthdayWindow'];
    if (typeof answer === 'boolean') answers.set(data.fact, answer);
    else answers.delete(data.fact);
  });
  return answers;
};

/** The facts' cards, as the store has them now. */
const cardsOf = async (
  store: EventStore,
  facts: readonly Fact[],
): Promise<(program: ProgramId, card: NonNullable<Fact['card']>) => CardState> => {
  const streams = new Set(
    facts.flatMap(({ program, card }) => (card === null ? [] : [cardStream(program, card)])),
  );
  if (streams.size === 0) return () => unknownCard;
  const read = await store.readStreams([...streams]);
  const states = new Map(
    [...streams].map((stream) => [
      stream,
      (read.get(stream) ?? []).map(decodeCardEvent).reduce(evolveCard, unknownCard),
    ]),
  );
  return (program, card) => states.get(cardStream(program, card)) ?? unknownCard;
};
