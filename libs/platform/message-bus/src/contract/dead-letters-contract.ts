import { describe, expect, it } from '@jest/globals';
import type { DeadLetter, Message, MessageBus, Verdict } from '../port.js';
import { numbered, unique, until } from './bus-under-test.js';
import type { OpenBuses } from './message-bus-contract.js';

export const lettersOf = async (bus: MessageBus, topic: string): Promise<readonly DeadLetter[]> => {
  const all: DeadLetter[] = [];
  for await (const letter of bus.deadLetters(topic)) all.push(letter);
  return all;
};

export const deadLettersContract = (open: OpenBuses): void => {
  /** A topic of six messages, all of which each group has buried. */
  const buried = async (...groups: readonly string[]) => {
    const { bus } = open();
    const topic = unique('t');
    await bus.ensureTopics([{ name: topic, partitions: 2 }]);
    await bus.publish([...numbered(topic, 'a', 3), ...numbered(topic, 'b', 3)]);
    const came: Message[] = [];
    for (const group of groups) {
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) => {
          came.push(...batch);
          return batch.map(({ value }): Verdict => ({
            kind: 'poison',
            reason: 'bad',
            ...(value === '1' ? { keptAs: { key: 'k', value: 'kept' } } : {}),
          }));
        },
      });
      await until('all are buried', async () => (await bus.lag(group, [topic])) === 0n);
    }
    return { bus, topic, came };
  };

  describe('dead letters', () => {
    it('are not shown any more when somebody has ended them, for their group alone', async () => {
      const [one, other] = [unique('g'), unique('g')];
      const { bus, topic } = await buried(one, other);
      const before = await lettersOf(bus, topic);
      expect(before).toHaveLength(12);
      expect(await bus.deadLetterCount(one, topic)).toBe(6n);
      const mine = before.filter(({ group }) => group === one);
      const [first, second] = mine;
      if (first === undefined || second === undefined) throw new Error('there are six');
      await bus.endDeadLetter(first, { how: 'dropped', by: 'ops:ann' });
      await bus.endDeadLetter(second, { how: 'retried', by: 'ops:ann' });
      expect(await bus.deadLetterCount(one, topic)).toBe(4n);
      // Once more changes nothing, and neither does one that never was.
      await bus.endDeadLetter(second, { how: 'dropped', by: 'ops:bob' });
      await bus.endDeadLetter({ ...first, offset: 99n }, { how: 'dropped', by: 'ops:ann' });
      const placeOf = ({ group, partition, offset }: DeadLetter) =>
        `${group} ${partition} ${offset}`;
      expect((await lettersOf(open().bus, topic)).map(placeOf)).toEqual(
        before.filter((letter) => letter !== first && letter !== second).map(placeOf),
      );
    });

    it('are counted for each group, and are none where nothing was put aside', async () => {
      const group = unique('g');
      const { bus, topic } = await buried(group);
      expect(await bus.deadLetterCount(group, topic)).toBe(6n);
      expect(await bus.deadLetterCount(unique('g'), topic)).toBe(0n);
      const empty = unique('t');
      await bus.ensureTopics([{ name: empty, partitions: 1 }]);
      expect(await bus.deadLetterCount(group, empty)).toBe(0n);
    });

    it('are put aside whatever is to stand in place of their message, and those behind go on', async () => {
      const { bus } = open();
      const topic = unique('t');
      const group = unique('g');
      await bus.ensureTopics([{ name: topic, partitions: 1 }]);
      // What is no text takes three bytes each; numbers and escapes may take more still.
      const kept = [
        { key: 'k', value: '\0'.repeat(1_600_000) },
        { key: 'k', value: '100000000000000000000,'.repeat(300_000) },
        { key: '\0'.repeat(1_600_000), value: '\u00e9\u{1F600}'.repeat(1_000_000) },
      ];
      await bus.publish(numbered(topic, 'k', kept.length + 1));
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) =>
          batch.map(({ offset }): Verdict => {
            const keptAs = kept[Number(offset)];
            return keptAs === undefined
              ? { kind: 'done' }
              : { kind: 'poison', reason: 'bad', keptAs };
          }),
      });
      await until('all are done', async () => (await bus.lag(group, [topic])) === 0n);
      const letters = await lettersOf(bus, topic);
      expect(letters.map(({ replaced, offset }) => [replaced, offset])).toEqual(
        kept.map((_, offset) => [true, BigInt(offset)]),
      );
      for (const [index, { key, value, reason }] of letters.entries()) {
        const of = (text: string | undefined) => text?.replaceAll('\0', '\uFFFD');
        expect(reason).toContain('bad');
        expect(key.length > 0 && of(kept[index]?.key)?.startsWith(key)).toBe(true);
        expect(value.length > 1000 && of(kept[index]?.value)?.startsWith(value)).toBe(true);
      }
    });

    it('have their message as it came, as long as the bus keeps it', async () => {
      const { bus, topic, came } = await buried(unique('g'));
      for (const letter of await lettersOf(bus, topic)) {
        const { partition, offset } = letter;
        const message = came.find((one) => one.partition === partition && one.offset === offset);
        expect(letter.replaced).toBe(message?.value === '1');
        expect(await bus.messageAt(topic, partition, offset)).toEqual(message);
      }
      expect(await bus.messageAt(topic, 0, 1000n)).toBeUndefined();
    });
  });
};
