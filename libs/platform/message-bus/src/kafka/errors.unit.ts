import kafkajs from 'kafkajs';
import { describe, expect, it } from '@jest/globals';
import { isNotYet } from './errors.js';

const protocolError = (type: string): Error =>
  new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 0 }));

describe('what Kafka answers for a moment', () => {
  it.each([
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_FOR_PARTITION',
    'GROUP_LOAD_IN_PROGRESS',
    'GROUP_COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR_FOR_GROUP',
  ])('%s is asked again', (type) => {
    expect(isNotYet(protocolError(type))).toBe(true);
    expect(isNotYet(new Error('all tries failed', { cause: protocolError(type) }))).toBe(true);
  });

  it.each(['TOPIC_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION', 'UNKNOWN'])(
    '%s is not',
    (type) => {
      expect(isNotYet(protocolError(type))).toBe(false);
    },
  );
});
