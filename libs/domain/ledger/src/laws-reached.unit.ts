import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accountId } from '@tallystick/kernel';
import { history } from '../fixtures/histories.js';
import { accountIn, accountNames, newWorld, step } from '../fixtures/world.js';

/** About half of what was reached when this was written, so that chance does not matter and rot does. */
const wanted = {
  'AccountsMerged pays arrears': 74,
  'HoldReleased pays arrears': 80,
  'OpeningBalanceImported pays arrears': 6,
  'PointsAdjusted pays arrears': 9,
  'PointsEarned pays arrears': 170,
  'PointsTransferred pays arrears': 27,
  'RedemptionRefunded pays arrears': 14,
  'adjust adjusted': 170,
  'adjust conflict': 21,
  'adjust exceeds-arrears': 170,
  'adjust insufficient': 23,
  'adjust same-person': 120,
  'cancel conflict': 16,
  'cancel refunded': 190,
  'cancel unknown-redemption': 670,
  'capture captured': 140,
  'capture closed': 61,
  'capture conflict': 17,
  'capture exceeds-hold': 21,
  'capture unknown-hold': 640,
  'certify certified': 230,
  'certify nothing': 470,
  'deliver nothing': 160,
  'deliver received': 17,
  'expire expired': 68,
  'expire nothing': 280,
  'give-back unknown-use': 520,
  'hold conflict': 70,
  'hold held': 510,
  'hold insufficient': 180,
  'import imported': 160,
  'lapse lapses': 210,
  'merge left': 160,
  'merge same-account': 77,
  'release closed': 100,
  'release released': 84,
  'release unknown-hold': 180,
  'return applied': 840,
  'return conflict': 98,
  'return superseded': 20,
  'sale applied': 2240,
  'sale conflict': 920,
  'sale superseded': 290,
  'spend conflict': 120,
  'spend insufficient': 170,
  'spend redeemed': 640,
  'transfer conflict': 16,
  'transfer insufficient': 80,
  'transfer same-account': 130,
  'transfer sent': 170,
  'use not-usable': 14,
  'use unknown-certificate': 680,
  'use used': 20,
  'void nothing': 150,
  'void void': 11,
} as const;

describe('the histories that the laws are tried on', () => {
  const reached = new Map<string, number>();
  const count = (what: string): void => {
    reached.set(what, (reached.get(what) ?? 0) + 1);
  };
  const histories = 1_000;
  for (const steps of fc.sample(history, { numRuns: histories, seed: 7 })) {
    const world = newWorld();
    for (const one of steps) count(`${one.kind} ${step(world, one)}`);
    for (const { event } of world.happened)
      if ('arrearsPaid' in event.data && event.data.arrearsPaid.length > 0)
        count(`${event.type} pays arrears`);
    const owed = accountNames.some(
      (name) => accountIn(world, accountId(name)).totals.arrearsRaised > 0,
    );
    if (owed) count('arrears');
  }
  it('owe something in three of ten, at least', () => {
    expect((reached.get('arrears') ?? 0) / histories).toBeGreaterThanOrEqual(0.3);
  });

  it.each(Object.entries(wanted))('reach %s at least %i times', (what, times) => {
    expect(reached.get(what) ?? 0).toBeGreaterThanOrEqual(times);
  });
});
