import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, listAt, problemOf, publishVersion, textAt, type Answer } from '../tools/client.js';
import { rulebook, type House } from './house.js';

export const programmes = (houseOf: () => House): void => {
  describe('programmes', () => {
    const program = 'e2e-programmes';
    let house: House;
    beforeAll(() => {
      house = houseOf();
    });
    const draft = async (document: string): Promise<Answer> =>
      await house.manager('accrual', '/v1/programs', { body: { document } });
    const publish = (document: string): Promise<Answer> => publishVersion(house.system, document);

    it('puts a rulebook in force that one wrote and another approved, once', async () => {
      const first = await publish(rulebook(program));
      const again = await publish(rulebook(program));
      expect([first.status, again.status]).toEqual([201, 200]);
      expect(first.body).toMatchObject({
        ...{ program, version: 1, status: 'approved' },
        ...{ draftedBy: 'head-office', proposedBy: 'head-office', approvedBy: 'branch-office' },
      });
      expect(textAt(again.body, 'hash')).toBe(textAt(first.body, 'hash'));
    });

    it('takes YAML as people write it', async () => {
      const answer = await draft(`
        rulebook: 1
        program: e2e-yaml
        version: 1
        name: Written by hand
        effectiveFrom: '2025-01-01T00:00:00Z'
        currency: GBP
        timeZone: Europe/London
        earning:
          - { id: base, points: 1, per: '1.00', rounding: down, level: receipt }
      `);
      expect(answer.status).toBe(201);
    });

    it('refuses other content under an approved version, and a version that is left out', async () => {
      const changed = await draft(rulebook(program, { name: 'Another name' }));
      const third = await draft(rulebook(program, { version: 3 }));
      expect([changed.status, problemOf(changed)]).toEqual([409, 'rulebook-version-taken']);
      expect([third.status, problemOf(third)]).toEqual([409, 'rulebook-version-out-of-order']);
    });

    it('tells every fault of a rulebook with its place', async () => {
      const answer = await draft(rulebook('e2e-faulty', { currency: 'pounds', earning: [] }));
      expect([answer.status, problemOf(answer)]).toEqual([422, 'rulebook-faulty']);
      const fields = listAt(answer.body, 'errors').map((error) => at(error, 'field'));
      expect(fields).toEqual(expect.arrayContaining(['currency', 'earning']));
      expect(textAt(answer.body, 'errors', 0, 'message')).toMatch(/^line \d+, column \d+: /);
    });

    it('keeps each version as it was in force', async () => {
      const second = rulebook(program, {
        version: 2,
        effectiveFrom: new Date(Date.now() + 86_400_000).toISOString(),
        earning: [{ id: 'base', points: 2, per: '1.00', rounding: 'down', level: 'receipt' }],
      });
      const answer = await publish(second);
      expect(answer.status).toBe(201);
      const versions = await house.auditor('accrual', `/v1/programs/${program}`);
      expect(at(versions.body, 'versions')).toMatchObject([{ version: 1 }, { version: 2 }]);
      const old = await house.auditor('accrual', `/v1/programs/${program}/versions/1`);
      expect(at(old.body, 'rulebook', 'earning', 0, 'points')).toBe(1);
    });

    it('hands out the JSON Schema of a rulebook to anyone', async () => {
      const schema = await house.stranger('accrual', '/v1/programs/schema');
      expect(schema.status).toBe(200);
      expect(at(schema.body, '$schema')).toBe('https://json-schema.org/draft/2020-12/schema');
    });
  });
};
