import { describe, expect, it } from '@jest/globals';
import { faultsOf } from './topic-check.js';

const topic = (name: string, settings: Readonly<Record<string, string>>) => ({
  topic: name,
  numPartitions: 8,
  configEntries: Object.entries({
    'compression.type': 'uncompressed',
    'cleanup.policy': 'delete',
    'max.message.bytes': '4000',
    ...settings,
  }).map(([one, value]) => ({ name: one, value })),
});
const ledger = topic('ledger', { 'retention.ms': '-1' });
const receipts = topic('receipts', { 'retention.ms': '1209600000' });
const faults = (
  wanted: typeof ledger,
  settings: Readonly<Record<string, string>>,
  partitions = 8,
) => {
  const own = wanted.configEntries.map(({ name, value }) => [name, value] as const);
  const found = new Map([...own, ['retention.bytes', '-1'] as const, ...Object.entries(settings)]);
  return faultsOf(wanted, { partitions, settings: found });
};
const none = { losing: [], other: [] };

describe('a topic that somebody made beforehand', () => {
  it('is as it should be', () => {
    expect(faults(ledger, {})).toEqual(none);
    expect(faults(receipts, {})).toEqual(none);
    expect(faults(ledger, { 'max.message.bytes': '5000' })).toEqual(none);
  });

  it.each([
    ['retention.ms', '604800000', 'set retention.ms=-1'],
    ['retention.bytes', '1000', 'set retention.bytes=-1'],
    ['cleanup.policy', 'compact', 'set cleanup.policy=delete'],
    ['cleanup.policy', 'compact,delete', 'set cleanup.policy=delete'],
  ])('would lose what is kept for ever: %s=%s', (name, value, what) => {
    expect(faults(ledger, { [name]: value })).toEqual({
      losing: [`${name} is ${value}: ${what}`],
      other: [],
    });
  });

  it('would lose receipts of a card when it is compacted', () => {
    expect(faults(receipts, { 'cleanup.policy': 'compact' }).losing).toHaveLength(1);
  });

  it.each([
    ['retention.ms', '604800000'],
    ['retention.ms', '-1'],
    ['retention.bytes', '1000'],
    ['max.message.bytes', '3999'],
    ['compression.type', 'producer'],
  ])('works, and is another: %s=%s', (name, value) => {
    const { losing, other } = faults(receipts, { [name]: value });
    expect(losing).toEqual([]);
    expect(other).toEqual([expect.stringContaining(`${name} is ${value}: set ${name}=`)]);
  });

  it('has other partitions', () => {
    expect(faults(ledger, {}, 1).other).toEqual([expect.stringContaining('1 partitions')]);
  });
});
