import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase } from '@tallystick/testing';
import { z } from 'zod';
import { ask } from './test-service/ask.js';
import { startTill, type Till } from './test-service/start-till.js';

const record = z.record(z.string(), z.unknown());
const documentShape = z.looseObject({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ responses: z.record(z.string(), z.json()) })),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.json()) }),
});

describe('the API pages of a service', () => {
  let till: Till;
  let json: string;
  let document: z.output<typeof documentShape>;
  beforeAll(async () => {
    till = await startTill(await testDatabase());
    json = (await ask(`${till.url}/openapi/accrual.json`)).text;
    document = documentShape.parse(JSON.parse(json));
  });
  afterAll(() => till.end());

  it('are OpenAPI 3.1.0, and valid', async () => {
    expect(document.openapi).toBe('3.1.0');
    const result = await new Validator().validate(record.parse(JSON.parse(json)));
    expect(result).toMatchObject({ valid: true });
  });

  it('say what a field must be as the schema that validates does', () => {
    expect(document.components.schemas['SaleDto']).toMatchObject({
      type: 'object',
      required: ['program', 'chain', 'store', 'lines'],
      additionalProperties: false,
      properties: {
        note: { type: ['string', 'null'], description: 'May be missing, or null' },
        lines: {
          type: 'array',
          minItems: 1,
          items: { properties: { ordinal: { type: 'integer', minimum: 1 } } },
        },
      },
    });
  });

  it('say per operation who may, which headers there are, and how problems look', () => {
    const sell = document.paths['/v1/receipts']?.['post'];
    expect(sell).toMatchObject({
      'x-roles': ['store', 'manager'],
      security: [{ bearer: [] }],
      summary: 'Takes a sale',
      description: 'Roles: store, manager.',
      parameters: expect.arrayContaining([
        expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: true }),
        { $ref: '#/components/parameters/TallystickAfter' },
      ]),
      responses: {
        '201': { headers: { 'Tallystick-Position': {} }, content: { 'application/json': {} } },
        '400': { $ref: '#/components/responses/Invalid' },
        '401': {},
        '403': {},
        '503': {},
        default: {},
      },
    });
    const signed = document.paths['/v1/receipts/signed']?.['post'];
    expect(signed?.['description']).toBe(
      'Signed by the sender.\n\nAnyone may call it, without a token.',
    );
    expect(signed?.['security']).toEqual([{}]);
    expect(signed?.responses).not.toHaveProperty('401');
  });

  it('are a page that needs nothing from elsewhere', async () => {
    const page = await ask(`${till.url}/docs/accrual`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(assets.length).toBeGreaterThan(2);
    for (const asset of assets) {
      const url = new URL(asset, `${till.url}/docs/accrual`);
      expect(url.origin).toBe(till.url);
      expect((await ask(url.href)).status).toBe(200);
    }
  });
});
