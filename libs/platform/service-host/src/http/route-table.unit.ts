import { describe, expect, it } from '@jest/globals';
import { allowedMethods } from './route-table.js';

const routes = new Map([
  ['/v1/members', new Set(['POST'])],
  ['/v1/members/:program/:member', new Set(['GET', 'HEAD'])],
  ['/v1/members/:program/:member/cards', new Set(['POST'])],
  ['/v1/members/batch/now', new Set(['PUT'])],
]);

describe('the methods that a path answers to', () => {
  it.each([
    ['/v1/members', ['POST']],
    ['/v1/members?x=/v1/cards', ['POST']],
    ['/v1/members/p/m', ['GET', 'HEAD']],
    ['/v1/members/batch/now', ['GET', 'HEAD', 'PUT']],
    ['/v1/members/p/', []],
    ['/v1/members/p/m/cards/x', []],
    ['/', []],
  ])('%s: %j', (url, methods) => {
    expect(allowedMethods(routes, url)).toEqual(methods);
  });
});
