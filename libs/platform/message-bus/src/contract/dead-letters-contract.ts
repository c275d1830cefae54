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
