import type { ITopicConfig } from 'kafkajs';

/** A topic as it is at the broker. */
export interface FoundTopic {
  readonly partitions: number;
  readonly settings: ReadonlyMap<string, string>;
}

/** What is not as our table has it, each as what there is and what to set. */
export interface TopicFaults {
  /** Messages would be gone without anybody seeing it. */
  readonly losing: readonly string[];
  readonly other: readonly string[];
}

/** The settings that are compared. */
export const comparedSettings: readonly string[] = [
  'retention.ms',
  'retention.bytes',
  'cleanup.policy',
  'max.message.bytes',
  'compression.type',
];

const forEver = '-1';

/** Compares a topic that somebody made beforehand with how we would make it. */
export const faultsOf = (wanted: ITopicConfig, found: FoundTopic): TopicFaults => {
  const losing: string[] = [];
  const other: string[] = [];
  const settings = new Map([
    // Kafka's default.
    ['retention.bytes', forEver],
    ...(wanted.configEntries ?? []).map(({ name, value }) => [name, value] as const),
  ]);
  const kept = settings.get('retention.ms');
  for (const name of comparedSettings) {
    const [want, is] = [settings.get(name), found.settings.get(name)];
    if (want === undefined || is === undefined || want === is) continue;
    if (name === 'max.message.bytes' && Number(is) > Number(want)) continue;
    const isLoss =
      name === 'cleanup.policy'
        ? // The last of each key would be left.
          !want.includes('compact') && is.includes('compact')
        : name.startsWith('retention.') && kept === forEver;
    (isLoss ? losing : other).push(`${name} is ${is}: set ${name}=${want}`);
  }
  if (wanted.numPartitions !== undefined && found.partitions !== wanted.numPartitions)
    other.push(
      `it has ${found.partitions} partitions, ours has ${wanted.numPartitions}: that cannot be changed once there are messages`,
    );
  return { losing, other };
};
