import { describe, expect, it } from '@jest/globals';
import { programId } from '@tallystick/kernel';
import { createCardTokens } from '@tallystick/service-host';
import { linkFact, memberIds } from './ids.js';

const cardTokens = createCardTokens(Buffer.alloc(32, 1));
const [p, q] = [programId('p'), programId('q')];

describe('the ids of a member', () => {
  it('come from the key alone: the same on every database', () => {
    expect(memberIds(cardTokens, p, 'import/17850')).toEqual(
      memberIds(cardTokens, p, 'import/17850'),
    );
    expect(memberIds(cardTokens, p, 'import/17850')).toEqual({
      member: '395a2ab8-354a-8505-9746-537d02be8c27',
      account: 'e76de72a-ffeb-85e9-a83d-e58559d5518e',
    });
  });

  it('differ by key, programme, deployment, and from each other', () => {
    const other = createCardTokens(Buffer.alloc(32, 2));
    const all = [
      memberIds(cardTokens, p, 'a'),
      memberIds(cardTokens, p, 'b'),
      memberIds(cardTokens, q, 'a'),
      memberIds(other, p, 'a'),
    ].flatMap(({ member, account }) => [member, account]);
    expect(new Set<string>(all).size).toBe(8);
  });

  it('are UUIDs of version 8', () => {
    for (let index = 0; index < 100; index += 1)
      expect(memberIds(cardTokens, p, String(index)).member).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
  });
});

it('the fact of a link does not show its key, which may be personal', () => {
  const { member } = memberIds(cardTokens, p, 'a');
  expect(linkFact(cardTokens, p, member, 'zofia@example.com')).not.toContain('zofia');
});
