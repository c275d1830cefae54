import type { Rulebook } from '@tallystick/rulebook';

/** A part of a document that this release takes no action for. */
export interface NotRun {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const message = 'is not run by this release yet: leave it out';

/** What the format has room for, and no service acts on: taken in silence it would be a promise that nobody keeps. */
export const notRun = ({ tiers, earning, lots, ...book }: Rulebook): NotRun[] => {
  const lives = [
    { path: ['lots', 'expiry'], life: lots },
    ...earning.map((rule, index) => ({
      path: ['earning', index, 'lots', 'expiry'],
      life: rule.lots,
    })),
  ];
  return [
    ...(['certificates', 'memberships'] as const)
      .filter((part) => book[part] !== undefined)
      .map((part) => ({ path: [part], message })),
    ...(tiers?.by === 'paid' ? [{ path: ['tiers', 'by'], message }] : []),
    ...lives
      .filter(({ life }) => typeof life?.expiry === 'object' && 'inactiveMonths' in life.expiry)
      .map(({ path }) => ({ path: [...path, 'inactiveMonths'], message })),
  ];
};
