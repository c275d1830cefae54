import { expect } from '@jest/globals';
import type { Database } from '@tallystick/postgres';
import { nothing, rowsOf, type MigrationCases } from '../migration-case.js';

export const enrollmentCases: MigrationCases = {
  '0001-members-and-cards': {
    before: nothing,
    after: async (db) => {
      const card = (number: string, fact: string) =>
        db.query(
          `insert into cards (program, card, member, account, since, fact, ordinal, context) values ('p', $1, 'm', 'a', 't', $2, 0, '{}')`,
          [number, fact],
        );
      await card('c1', 'f1');
      await expect(card('c1', 'f2')).rejects.toThrow('cards_pkey');
      await expect(card('c2', 'f1')).rejects.toThrow('cards_program_fact_ordinal_key');
      expect(await rowsOf(db, 'select card, appended from cards')).toEqual([
        { card: 'c1', appended: false },
      ]);
      expect(await rowsOf(db, 'select position from rebuilt_to')).toEqual([{ position: '0' }]);
    },
  },
  '0002-merged-accounts': {
    // What an older release has not noted is read from the store's beginning.
    before: async (db) => {
      await db.query('update rebuilt_to set position = 7');
    },
    after: async (db) => {
      const merged = `insert into merged_accounts values ('p', 'a', 'b')`;
      await db.query(merged);
      await expect(db.query(merged)).rejects.toThrow('merged_accounts_pkey');
      expect(await rowsOf(db, 'select position from rebuilt_to')).toEqual([{ position: '0' }]);
    },
  },
  '0003-cards-that-left': {
    before: async (db) => {
      await db.query(
        `insert into members (program, member, account, since, context) values ('p', 'm', 'a', 't', '{}')`,
      );
    },
    after: async (db) => {
      // Who was enrolled before has an account of its own.
      expect(await rowsOf(db, 'select member, shared from members')).toEqual([
        { member: 'm', shared: false },
      ]);
      const left = `insert into left_cards values ('p', 'c', 's', 'u', 'm', 'a')`;
      await db.query(left);
      await expect(db.query(left)).rejects.toThrow('left_cards_pkey');
    },
  },
  '0004-birthdays-that-changed': {
    before: async (db) => {
      await db.query(
        `insert into members (program, member, account, since, context) values ('p', 'm', 'a', 't', '{}')`,
      );
    },
    after: async (db) => {
      // An older release enrols without naming the column.
      await db.query(
        `insert into members (program, member, account, since, context) values ('p', 'n', 'b', 't', '{}')`,
      );
      expect(
        await rowsOf(db, 'select member, birthday_changed from members order by member'),
      ).toEqual([
        { member: 'm', birthday_changed: false },
        { member: 'n', birthday_changed: false },
      ]);
    },
  },
};

const oneUnsettled = async (db: Database): Promise<void> => {
  await db.query(`insert into unsettled (fact) values ('older')`);
};
const stillUnsettled = async (db: Database): Promise<void> => {
  expect(await rowsOf(db, 'select fact from unsettled')).toEqual([{ fact: 'older' }]);
};

export const accrualCases: MigrationCases = {
  '0001-unsettled': {
    before: nothing,
    after: async (db) => {
      await db.query(`insert into unsettled (fact) values ('f')`);
      await expect(db.query(`insert into unsettled (fact) values ('f')`)).rejects.toThrow(
        'unsettled_pkey',
      );
      expect(await rowsOf(db, 'select fact, noted_at <= now() as noted from unsettled')).toEqual([
        { fact: 'f', noted: true },
      ]);
    },
  },
  '0002-accounts': {
    before: oneUnsettled,
    after: async (db) => {
      await stillUnsettled(db);
      await db.query(`insert into accounts values ('ledger-p-a', 'p', 'a', null)`);
      await expect(
        db.query(`insert into accounts values ('ledger-p-a', 'p', 'a', 3)`),
      ).rejects.toThrow('accounts_pkey');
    },
  },
  '0003-adjustments': {
    before: oneUnsettled,
    after: async (db) => {
      await stillUnsettled(db);
      const note = `insert into adjustments (program, adjustment, revision, status, requested_at) values ('p', 'x', 0, 'requested', now())`;
      await db.query(note);
      await expect(db.query(note)).rejects.toThrow('adjustments_pkey');
    },
  },
  '0004-clock': {
    // Accounts that an older release has noted: when they are due is not known yet, and is caught up with.
    before: async (db) => {
      await db.query(`insert into accounts values ('ledger-p-a', 'p', 'a', 7)`);
    },
    after: async (db) => {
      expect(await rowsOf(db, 'select stream, closed_revision from accounts')).toEqual([
        { stream: 'ledger-p-a', closed_revision: 7 },
      ]);
      expect(await rowsOf(db, 'select * from due_accounts')).toEqual([]);
      expect(await rowsOf(db, 'select * from caught_up')).toEqual([]);
    },
  },
  '0005-merges': {
    before: oneUnsettled,
    after: async (db) => {
      await stillUnsettled(db);
      await db.query(`insert into merges (fact) values ('f')`);
      expect(await rowsOf(db, 'select fact, done from merges')).toEqual([
        { fact: 'f', done: false },
      ]);
    },
  },
  '0006-closings': {
    before: oneUnsettled,
    after: async (db) => {
      await stillUnsettled(db);
      const ask = `insert into closings (program, through, until, keep_from, position, requested_by)
        values ('p', '2025-12-31', 'u', 'k', 7, 'maria')`;
      await db.query(ask);
      await expect(db.query(ask)).rejects.toThrow('closings_pkey');
      expect(
        await rowsOf(db, 'select through, status, closed, after_stream from closings'),
      ).toEqual([{ through: '2025-12-31', status: 'running', closed: 0, after_stream: null }]);
    },
  },
  '0007-unfinished-balances': {
    before: oneUnsettled,
    after: async (db) => {
      await stillUnsettled(db);
      const note = `insert into unfinished_balances (fact, program, system, reference) values ('f', 'p', 's', 'r')`;
      await db.query(note);
      await expect(db.query(note)).rejects.toThrow('unfinished_balances_pkey');
    },
  },
  '0008-refused-closings': {
    before: async (db) => {
      await db.query(
        `insert into closings (program, through, until, keep_from, position, requested_by, refused)
         values ('p', '2025-12-31', 'u', 'k', 7, 'maria', 2)`,
      );
    },
    after: async (db) => {
      expect(await rowsOf(db, 'select through, refused, refusals from closings')).toEqual([
        { through: '2025-12-31', refused: 2, refusals: [] },
      ]);
    },
  },
  '0009-certificate-versions': {
    before: async (db) => {
      await db.query(`insert into due_accounts values ('ledger-p-a', '2026-05-01', null)`);
    },
    after: async (db) => {
      expect(await rowsOf(db, 'select stream from due_accounts')).toEqual([
        { stream: 'ledger-p-a' },
      ]);
      const noted = `insert into certificate_versions values ('p', 1)`;
      await db.query(noted);
      await expect(db.query(noted)).rejects.toThrow('certificate_versions_pkey');
    },
  },
  '0010-merge-requests': {
    // What an older release merged has no request.
    before: async (db) => {
      await db.query(`insert into merges (fact, done) values ('f', true)`);
    },
    after: async (db) => {
      expect(await rowsOf(db, 'select fact, done from merges')).toEqual([
        { fact: 'f', done: true },
      ]);
      expect(await rowsOf(db, 'select * from merge_requests')).toEqual([]);
      const note = `insert into merge_requests (program, merge, revision, status, requested_at) values ('p', 'x', 0, 'requested', now())`;
      await db.query(note);
      await expect(db.query(note)).rejects.toThrow('merge_requests_pkey');
    },
  },
  '0011-unsettled-in-steps': {
    before: oneUnsettled,
    after: async (db) => {
      // A process of the release before notes without the column.
      await db.query(`insert into unsettled (fact) values ('newer')`);
      expect(await rowsOf(db, 'select fact, in_steps from unsettled order by fact')).toEqual([
        { fact: 'newer', in_steps: false },
        { fact: 'older', in_steps: false },
      ]);
    },
  },
  '0012-balance-batches': {
    // Until then one person imported balances alone: nothing waits for anybody.
    before: async (db) => {
      await db.query(
        `insert into unfinished_balances (fact, program, system, reference) values ('f', 'p', 's', 'r')`,
      );
    },
    after: async (db) => {
      expect(await rowsOf(db, 'select fact from unfinished_balances')).toEqual([{ fact: 'f' }]);
      const note = `insert into balance_batches (program, batch, revision, status, requested_at) values ('p', 'x', 0, 'requested', now())`;
      await db.query(note);
      await expect(db.query(note)).rejects.toThrow('balance_batches_pkey');
    },
  },
};

export const redemptionCases: MigrationCases = {
  '0001-cards-and-programs': {
    before: nothing,
    after: async (db) => {
      const link = (account: string, from: string) =>
        db.query(`insert into card_links values ('p', 'c', $1, $2)`, [account, from]);
      await link('a', '2026-01-01T00:00:00Z');
      await link('b', '2026-02-01T00:00:00Z');
      await expect(link('c', '2026-02-01T00:00:00Z')).rejects.toThrow('card_links_pkey');
      await db.query(
        `insert into programs values ('p', 1, '2026-01-01T00:00:00Z', 'GBP', null, null, 0)`,
      );
      expect(
        await rowsOf(db, `select account from card_links order by linked_from desc limit 1`),
      ).toEqual([{ account: 'b' }]);
    },
  },
  '0002-arrears-transfers-closings': {
    before: async (db) => {
      await db.query(
        `insert into programs values ('p', 1, '2026-01-01T00:00:00Z', 'GBP', null, null, 0)`,
      );
    },
    after: async (db) => {
      // What was published before could not say it, and meant this.
      expect(await rowsOf(db, 'select version, arrears_policy from programs')).toEqual([
        { version: 1, arrears_policy: 'next-awards' },
      ]);
      const sent = `insert into open_transfers (fact, program, sender) values ('f', 'p', 'a')`;
      await db.query(sent);
      await expect(db.query(sent)).rejects.toThrow('open_transfers_pkey');
      expect(
        await rowsOf(db, 'select fact, noted_at <= now() as noted from open_transfers'),
      ).toEqual([{ fact: 'f', noted: true }]);
      await db.query(`insert into closings values ('s', 7)`);
      await expect(db.query(`insert into closings values ('s', 8)`)).rejects.toThrow(
        'closings_pkey',
      );
    },
  },
  '0003-cards-that-left': {
    before: async (db) => {
      await db.query(`insert into card_links values ('p', 'c', 'a', '2026-01-01T00:00:00Z')`);
    },
    after: async (db) => {
      // No card could leave before.
      expect(await rowsOf(db, 'select account, linked_until from card_links')).toEqual([
        { account: 'a', linked_until: null },
      ]);
    },
  },
  '0004-transfer-requests': {
    // Until then one manager sent points alone: nothing waits for anybody.
    before: async (db) => {
      await db.query(`insert into open_transfers (fact, program, sender) values ('f', 'p', 'a')`);
    },
    after: async (db) => {
      expect(await rowsOf(db, 'select fact from open_transfers')).toEqual([{ fact: 'f' }]);
      const note = `insert into transfer_requests (program, transfer, revision, status, requested_at) values ('p', 'x', 0, 'requested', now())`;
      await db.query(note);
      await expect(db.query(note)).rejects.toThrow('transfer_requests_pkey');
    },
  },
};

export const partnersCases: MigrationCases = {
  '0001-partners-keys-and-events': {
    before: nothing,
    after: async (db) => {
      const key = (id: string, request: string | null) =>
        db.query(
          `insert into keys (program, partner, key_id, request, issued_at, context) values ('p', 'x', $1, $2, 't', '{}')`,
          [id, request],
        );
      await key('k1', null);
      await key('k2', null);
      await key('k3', 'r');
      await expect(key('k4', 'r')).rejects.toThrow('keys_program_partner_request_key');
      await expect(db.query(`insert into outcomes values ('f', 'lost', 0, null)`)).rejects.toThrow(
        'outcomes_status_check',
      );
      expect(await rowsOf(db, 'select position, outcomes from rebuilt_to')).toEqual([
        { position: '0', outcomes: false },
      ]);
    },
  },
};

export const reportingCases: MigrationCases = {
  '0001-replays': {
    before: nothing,
    after: async (db) => {
      await db.query(
        `insert into replays (id, status, rebuild, requested_by, started_at) values (gen_random_uuid(), 'running', false, 'ops', now())`,
      );
      expect(await rowsOf(db, 'select events, report from replays')).toEqual([
        { events: 0n, report: null },
      ]);
      // Empty: the views of this installation have never been created.
      expect(await rowsOf(db, 'select * from view_sets')).toEqual([]);
    },
  },
};
