import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { z } from 'zod';
import { enrollment } from './index.js';
import { startTestService, testDeployment, type TestService } from './testing/test-service.js';

let database: TestDatabase;
let service: TestService;

beforeAll(async () => {
  database = await testDatabase();
  service = await startTestService(enrollment, await testDeployment(database.url));
});
afterAll(async () => {
  await service.close();
  await database.drop();
});

const operation = z.looseObject({
  summary: z.string(),
  'x-roles': z.array(z.string()).min(1),
  responses: z.record(z.string(), z.looseObject({})),
});
const description = z.looseObject({
  openapi: z.string().startsWith('3.1'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

it('the API describes itself: every operation, who may call it, and what it answers', async () => {
  const { status, body } = await service.call('GET', '/openapi/enrollment.json', { as: null });
  expect(status).toBe(200);
  const { paths } = description.parse(body);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { 'x-roles': roles }]) => `${method} ${path}: ${roles.join(', ')}`,
    ),
  );
  expect(operations).toEqual([
    'post /v1/members: manager, store',
    'post /v1/members/batch: manager, store',
    'post /v1/members/{program}/{member}/cards: manager, store',
    'get /v1/members/{program}/{member}: manager, member',
    'post /v1/cards/lookup: manager, store',
  ]);
  expect((await fetch(`${service.url}/docs/enrollment`)).status).toBe(200);
});
