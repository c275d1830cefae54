import { describe, expect, it } from '@jest/globals';
import { serviceNames, servicePaths } from '@tallystick/contracts';
import { ownerOf } from './routes.js';

describe('the front door', () => {
  it.each(serviceNames)('leads to %s by its paths, its pages and its health', (service) => {
    for (const prefix of servicePaths[service]) {
      expect(ownerOf(prefix)).toBe(service);
      expect(ownerOf(`${prefix}/a/b`)).toBe(service);
    }
    for (const path of [
      `/docs/${service}`,
      `/docs/${service}/swagger-ui.css`,
      `/openapi/${service}.json`,
      `/health/${service}/ready`,
      `/dead-letters/${service}/receipts/0/1`,
    ]) {
      expect(ownerOf(path)).toBe(service);
    }
  });

  it.each([
    '/',
    '/v1',
    '/v1/membersx',
    '/v2/members',
    '/docs',
    '/docs/tally',
    '/health',
    '//v1/members',
  ])('leads nowhere by %s', (path) => {
    expect(ownerOf(path)).toBeUndefined();
  });
});
