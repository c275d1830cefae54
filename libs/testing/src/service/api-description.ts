import { z } from 'zod';
import { testDeployment } from './deployment.js';
import type { TestService, testStarter } from './test-service.js';

const operation = z.looseObject({
  summary: z.string(),
  'x-roles': z.array(z.string()).min(1),
  responses: z.record(z.string(), z.looseObject({})),
});
const description = z.looseObject({
  openapi: z.string().startsWith('3.1'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

/**
 * What a service says of its own API, as `<method> <path>: <roles>`. Throws where the description or its page is
 * missing, and where an operation does not say what it does, who may call it and what it answers.
 */
export const describedOperations = async ({ name, url, call }: TestService): Promise<string[]> => {
  const { status: page } = await fetch(`${url}/docs/${name}`);
  if (page !== 200) throw new Error(`the page of the API was answered ${page}`);
  const { body } = await call('GET', `/openapi/${name}.json`, { as: null });
  return Object.entries(description.parse(body).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { 'x-roles': roles }]) => `${method} ${path}: ${roles.join(', ')}`,
    ),
  );
};

/** The same of a service that is started for this question alone. */
export const describedBy = async (start: ReturnType<typeof testStarter>): Promise<string[]> => {
  const deployment = await testDeployment();
  const service = await start(deployment);
  const described = await describedOperations(service);
  await service.close();
  await deployment.drop();
  return described;
};
