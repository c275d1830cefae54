import { expect, it } from '@jest/globals';
import { exitCodes } from '../exit-codes.js';
import { failureOf, problemOf } from './problem.js';

it.each([
  ['what the system refuses', 409, exitCodes.refused],
  ['what it cannot do as it was asked', 422, exitCodes.refused],
  ['what it does not take', 400, exitCodes.refused],
  ['a token that is missing', 401, exitCodes.forbidden],
  ['what the token does not allow', 403, exitCodes.forbidden],
  ['what is not there', 404, exitCodes.notFound],
  ['what broke there', 500, exitCodes.failed],
])('ends a command on %s (%i) with a code of its own', (_, status, exitCode) => {
  const problem = { type: 'urn:tallystick:problem:same-account', title: 'An account cannot' };
  const failure = failureOf('not merged', problemOf(status, problem));
  expect(failure.exitCode).toBe(exitCode);
  expect(failure.message).toBe('not merged: An account cannot (same-account)');
});

it('never says of a refusal what it says of wrong arguments', () => {
  expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length);
});
