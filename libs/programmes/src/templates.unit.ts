import { describe, expect, it } from '@jest/globals';
import { play } from '../fixtures/scenario.js';
import { readDocument } from './document.js';
import { scenarioText, templateNames, templateText } from './templates.js';

describe.each(templateNames())('the template %s', (name) => {
  const read = readDocument(templateText(name) ?? '');

  it('is a rulebook without a fault', () => {
    expect(read.ok ? [] : read.error).toEqual([]);
  });

  it('comes to what its scenario says, number by number, at the till and on the ledger', () => {
    if (!read.ok) throw new Error('it has faults');
    const played = play(read.value, scenarioText(name) ?? '');
    expect(played.map(({ step, came }) => ({ step, came }))).toEqual(
      played.map(({ step, expected }) => ({ step, came: expected })),
    );
  });
});

describe('templates', () => {
  it('are there by their names alone', () => {
    expect(templateText('../package')).toBeNull();
    expect(scenarioText('nothing')).toBeNull();
  });
});
