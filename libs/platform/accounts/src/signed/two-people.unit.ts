import { describe, expect, it } from '@jest/globals';
import { decideApproval, decideRejection, hasSigned, type Signed } from './two-people.js';

const asked: Signed = {
  asked: { requestedBy: 'maria', hash: 'h' },
  ...{ status: 'requested', approvedBy: null, rejected: null },
};
const approved: Signed = { ...asked, status: 'approved', approvedBy: 'paul' };
const rejected: Signed = {
  ...{ ...asked, status: 'rejected' },
  rejected: { by: 'paul', reason: 'no receipt' },
};

describe('an approval', () => {
  it('is for another person than the one who asked, however the name is written', () => {
    for (const by of ['maria', ' Maria ', 'MARIA'])
      expect(decideApproval(asked, by, ['requested'])).toEqual({ kind: 'same-person' });
    expect(decideApproval(asked, 'paul', ['requested'])).toBeNull();
    expect(hasSigned(['ann', 'bob'], 'Bob')).toBe(true);
    expect(hasSigned([], 'bob')).toBe(false);
  });

  it('is done for who has given it, and too late for everybody else', () => {
    expect(decideApproval(approved, 'paul', ['requested'])).toEqual({
      ...{ kind: 'done', found: approved },
    });
    for (const by of ['ann', 'maria'])
      expect(decideApproval(approved, by, ['requested'])).toEqual({
        ...{ kind: 'closed', status: 'approved' },
      });
  });

  it('is possible in the statuses that are named alone', () => {
    const late = { kind: 'closed', status: 'requested' };
    expect(decideApproval(asked, 'paul', ['counted'])).toEqual(late);
  });
});

describe('a rejection', () => {
  it('is for anybody, who asked included', () => {
    for (const by of ['maria', 'paul'])
      expect(decideRejection(asked, by, 'x', ['requested'])).toBeNull();
  });

  it('is done for who has said it with these words, and too late otherwise', () => {
    const late = { kind: 'closed', status: 'rejected' };
    expect(decideRejection(rejected, 'paul', 'no receipt', ['requested'])).toEqual({
      ...{ kind: 'done', found: rejected },
    });
    expect(decideRejection(rejected, 'paul', 'other words', ['requested'])).toEqual(late);
    expect(decideRejection(rejected, 'ann', 'no receipt', ['requested'])).toEqual(late);
    expect(decideRejection(approved, 'ann', 'x', ['requested'])).toEqual({
      ...{ kind: 'closed', status: 'approved' },
    });
  });
});
