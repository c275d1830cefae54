import { z } from 'zod';
import type { KafkaConnection } from '@tallystick/message-bus';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const prefixMax = 40;
const brokerAddress = /^[^\s,:]+:\d{1,5}$/;

/** Where Kafka is: read if it is the bus. The description is what an error says is expected. */
export const kafkaVariables = {
  TALLYSTICK_KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((one) => one.trim()))
    .pipe(z.array(z.string().regex(brokerAddress)).min(1))
    .optional()
    .describe('host:port of some of the brokers, separated by commas'),
  TALLYSTICK_KAFKA_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]*$/)
    .max(prefixMax)
    .default('')
    .describe(
      `what stands before the names of topics and groups: up to ${prefixMax} letters, digits, '.', '_' or '-'`,
    ),
  TALLYSTICK_KAFKA_TLS: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true to speak TLS to the brokers, or nothing'),
  TALLYSTICK_KAFKA_SASL_MECHANISM: z
    .enum(mechanisms)
    .optional()
    .describe(`one of ${mechanisms.join(', ')}, or nothing for none`),
  TALLYSTICK_KAFKA_SASL_USERNAME: z
    .string()
    .default('')
    .describe('the user name that goes with the mechanism'),
  TALLYSTICK_KAFKA_SASL_PASSWORD: z
    .string()
    .default('')
    .describe('the password that goes with the mechanism'),
} as const;

type KafkaVariables = z.output<z.ZodObject<typeof kafkaVariables>>;

/** Undefined when no broker is named. */
export const kafkaOf = (read: KafkaVariables): KafkaConnection | undefined => {
  const {
    TALLYSTICK_KAFKA_BROKERS: brokers,
    TALLYSTICK_KAFKA_PREFIX: prefix,
    TALLYSTICK_KAFKA_TLS: tls,
    TALLYSTICK_KAFKA_SASL_MECHANISM: mechanism,
    TALLYSTICK_KAFKA_SASL_USERNAME: username,
    TALLYSTICK_KAFKA_SASL_PASSWORD: password,
  } = read;
  if (brokers === undefined) return undefined;
  return {
    brokers,
    prefix,
    tls: tls === 'true',
    ...(mechanism === undefined ? {} : { sasl: { mechanism, username, password } }),
  };
};
