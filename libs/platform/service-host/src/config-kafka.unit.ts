import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { kafkaOf, kafkaVariables } from './config-kafka.js';

const read = (env: Record<string, string>) => kafkaOf(z.object(kafkaVariables).parse(env));

describe('where Kafka is', () => {
  it('is nowhere when no broker is named', () => {
    expect(read({ TALLYSTICK_KAFKA_PREFIX: 'x.' })).toBeUndefined();
  });

  it('is told by some of its brokers', () => {
    expect(read({ TALLYSTICK_KAFKA_BROKERS: 'one:9092, two:9093' })).toEqual({
      brokers: ['one:9092', 'two:9093'],
      prefix: '',
      tls: false,
    });
  });

  it('may want TLS, a password, and names of our own', () => {
    expect(
      read({
        TALLYSTICK_KAFKA_BROKERS: 'one:9092',
        TALLYSTICK_KAFKA_PREFIX: 'tallystick.',
        TALLYSTICK_KAFKA_TLS: 'true',
        TALLYSTICK_KAFKA_SASL_MECHANISM: 'scram-sha-512',
        TALLYSTICK_KAFKA_SASL_USERNAME: 'accrual',
        TALLYSTICK_KAFKA_SASL_PASSWORD: 'secret',
      }),
    ).toEqual({
      brokers: ['one:9092'],
      prefix: 'tallystick.',
      tls: true,
      sasl: { mechanism: 'scram-sha-512', username: 'accrual', password: 'secret' },
    });
  });

  it.each([
    { TALLYSTICK_KAFKA_BROKERS: 'one' },
    { TALLYSTICK_KAFKA_BROKERS: 'one:9092,' },
    { TALLYSTICK_KAFKA_PREFIX: 'a b' },
    { TALLYSTICK_KAFKA_PREFIX: 'x'.repeat(41) },
    { TALLYSTICK_KAFKA_TLS: 'yes' },
    { TALLYSTICK_KAFKA_SASL_MECHANISM: 'gssapi' },
  ])('is not %j', (env) => {
    expect(z.object(kafkaVariables).safeParse(env).success).toBe(false);
  });
});
