import { arrearsPolicyOf, type Rulebook } from '@tallystick/rulebook';
import { bySign, less, more, otherwise, type Effects } from './effects.js';

/** What it means for members how far back, and for how long, something counts, and how what they owe is settled. */
export const windowEffects = (before: Rulebook, after: Rulebook): Effects => {
  const shorter = Math.min(before.returns.windowDays, after.returns.windowDays);
  const claims = (book: Rulebook): number => book.claims.windowDays ?? Infinity;
  const arrears = [arrearsPolicyOf(before), arrearsPolicyOf(after)] as const;
  const around = ({ birthday }: Rulebook): readonly number[] => [
    ...(birthday === undefined ? [-1, -1] : [birthday.daysBefore, birthday.daysAfter]),
  ];
  const [[toldBefore = 0, toldAfter = 0], [nowBefore = 0, nowAfter = 0]] = [
    around(before),
    around(after),
  ];
  const [sooner, later] = [nowBefore - toldBefore, nowAfter - toldAfter];
  const birthdays = 'members who buy some days from their birthday';
  return [
    [
      'returns',
      bySign(
        before.returns.windowDays - after.returns.windowDays,
        `those who return goods after more than ${shorter} days`,
        after.returns.windowDays > before.returns.windowDays
          ? 'the points of these are taken back'
          : 'they keep the points of these',
      ),
    ],
    [
      'points of a cancelled redemption',
      bySign(
        after.refunds.graceDays - before.refunds.graceDays,
        'those whose redemption is cancelled when its points have lapsed',
        `they can be spent for ${after.refunds.graceDays} days instead of ${before.refunds.graceDays}`,
      ),
    ],
    [
      'receipts from before a card was linked',
      claims(before) === claims(after)
        ? []
        : bySign(
            claims(after) > claims(before) ? 1 : -1,
            'those who link a card after they bought with it',
            after.claims.windowDays === null
              ? 'all their receipts earn'
              : `receipts of the last ${after.claims.windowDays} days earn`,
          ),
    ],
    [
      'points that are owed',
      arrears[0] === arrears[1]
        ? []
        : arrears[1] === 'waived'
          ? [more('those who owe points', 'they owe nothing any more')]
          : arrears[0] === 'waived'
            ? [less('those who return goods whose points they have spent', 'they owe them')]
            : [otherwise('those who owe points', arrears[1].replaceAll('-', ' '))],
    ],
    [
      "a birthday's window",
      sooner * later < 0
        ? [otherwise(birthdays, 'on other days')]
        : bySign(
            sooner + later,
            birthdays,
            sooner + later > 0
              ? 'it counts as their birthday'
              : 'it is not their birthday any more',
          ),
    ],
  ];
};
