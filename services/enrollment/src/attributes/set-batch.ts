import { canonicalJson } from '@tallystick/event-store';
import type { CardToken, MemberId, ProgramId } from '@tallystick/kernel';
import type { FieldError, ProblemException, RequestContext } from '@tallystick/service-host';
import { membersOfCards } from '../card-lookup/account-of-card.js';
import type { Parts } from '../parts.js';
import { accountShared, cardUnknown, invalid, keyReused, memberUnknown } from '../problems.js';
import { batchItem, type BatchItem } from './attributes.dto.js';
import { faultOf, type Declared } from './declared.js';
import { ordered, setAttributes, type Attributes, type SetAnswer } from './set-attributes.js';

/** How many members are told of at once: more of them share one commit of the store. */
const membersAtOnce = 32;

interface Batch {
  readonly program: ProgramId;
  readonly declared: Declared;
  readonly dryRun: boolean;
  readonly context: RequestContext;
}

type ItemAnswer =
  | { readonly status: 200 | 201; readonly member: MemberId; readonly from: string }
  | { readonly status: number; readonly problem: ProblemException['problem'] };

/** An item whose member is known, and where its answer goes. */
interface Ready {
  readonly index: number;
  readonly member: MemberId;
  readonly item: BatchItem;
}

/** What of these is not as the rulebook declares it. */
export const faultsOf = (declared: Declared, attributes: Attributes): FieldError[] =>
  Object.entries(attributes).flatMap(([name, value]) => {
    const message = faultOf(declared, name, value);
    return message === null ? [] : [{ field: `attributes.${name}`, message }];
  });

export const refusalOf = (answered: Exclude<SetAnswer, { kind: 'set' }>): ProblemException => {
  switch (answered.kind) {
    case 'member-unknown':
      return memberUnknown();
    case 'account-shared':
      return accountShared();
    case 'key-reused':
      return keyReused();
  }
};

/**
 * Tells many at once, each for itself: several members at a time, one member's in their order. What an item says from a moment of its own is
 * told once, whatever was told since; one without a moment is told where it is not so already.
 */
export const setBatch = async (
  parts: Parts,
  batch: Batch,
  items: readonly unknown[],
): Promise<{ readonly items: readonly ItemAnswer[]; readonly position: bigint | null }> => {
  const { program, declared } = batch;
  const answers: ItemAnswer[] = [];
  const refuse = (index: number, { problem }: ProblemException): void => {
    answers[index] = { status: problem.status, problem };
  };
  const tokenOf = (card: string): CardToken => parts.cardTokens.tokenOf(program, card);
  const checked = items.map((item, index) => {
    const parsed = batchItem.safeParse(item);
    const errors = parsed.success
      ? faultsOf(declared, parsed.data.attributes)
      : parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    if (errors.length > 0) refuse(index, invalid(errors));
    return errors.length > 0 ? undefined : parsed.data;
  });
  const cards = checked.flatMap((item) => (item?.card === undefined ? [] : [tokenOf(item.card)]));
  const members = await membersOfCards(parts.db, program, cards);

  const byMember = new Map<MemberId, Ready[]>();
  for (const [index, item] of checked.entries()) {
    if (item === undefined) continue;
    const member = item.card === undefined ? item.member : members.get(tokenOf(item.card));
    if (member === undefined) refuse(index, cardUnknown());
    else byMember.set(member, [...(byMember.get(member) ?? []), { index, member, item }]);
  }
  let position: bigint | null = null;
  const queue = byMember.values();
  const work = async (): Promise<void> => {
    for (const ready of queue)
      for (const one of ready) {
        const told = await tell(parts, batch, one);
        if (told.kind !== 'set') {
          refuse(one.index, refusalOf(told));
          continue;
        }
        const { known, from } = told;
        answers[one.index] = { status: known ? 200 : 201, member: one.member, from };
        if (!batch.dryRun && (position === null || told.position > position))
          position = told.position;
      }
  };
  await Promise.all(Array.from({ length: membersAtOnce }, work));
  return { items: answers, position };
};

const tell = (
  parts: Parts,
  { program, dryRun, context }: Batch,
  { member, item }: Ready,
): Promise<SetAnswer> => {
  const { attributes, from } = item;
  // An item brings no key: what it says, and since when, names it.
  const said = canonicalJson({ attributes: ordered(attributes), from: from ?? parts.clock() });
  return setAttributes(parts, {
    ...{ program, member, context, attributes, dryRun, from: from ?? null },
    request: parts.cardTokens.tokenOf(program, `attributes of many\0${member}\0${said}`),
  });
};
