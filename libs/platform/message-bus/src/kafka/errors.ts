import kafkajs from 'kafkajs';
import { BusUnavailable } from '../port.js';

/** The protocol's name of an error, such as `UNKNOWN_MEMBER_ID`; undefined for others. */
export const protocolErrorOf = (error: unknown): string | undefined => {
  if (error instanceof kafkajs.KafkaJSProtocolError) return error.type;
  return error instanceof Error && error.cause !== undefined && error.cause !== error
    ? protocolErrorOf(error.cause)
    : undefined;
};

/** What no repetition heals: rights, settings, a request that the broker cannot read. */
const final: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SECURITY_DISABLED',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_CONFIG',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'POLICY_VIOLATION',
  'UNSUPPORTED_VERSION',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
]);

const isUnavailable = (error: unknown): boolean => {
  if (error instanceof kafkajs.KafkaJSAggregateError) return error.errors.every(isUnavailable);
  if (!(error instanceof kafkajs.KafkaJSError)) return false;
  return !final.has(protocolErrorOf(error) ?? '');
};

/** Says `BusUnavailable` where trying again may help; throws everything else as it is. */
export const reaching = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw isUnavailable(error) ? new BusUnavailable(error) : error;
  }
};

/** Of a topic that was created a moment ago, or whose leader changes; of a group whose broker started a moment ago, or changes. */
const notYet: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
]);

export const isNotYet = (error: unknown): boolean =>
  notYet.has(protocolErrorOf(error) ?? '') ||
  error instanceof kafkajs.KafkaJSTopicMetadataNotLoaded ||
  error instanceof kafkajs.KafkaJSMetadataNotLoaded;

export const wordOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
