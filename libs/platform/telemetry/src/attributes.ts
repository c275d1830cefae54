import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_BATCH_SIZE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
} from '@opentelemetry/semantic-conventions';
import {
  ATTR_MESSAGING_BATCH_MESSAGE_COUNT,
  ATTR_MESSAGING_CONSUMER_GROUP_NAME,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM_NAME,
  MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
  MESSAGING_OPERATION_TYPE_VALUE_SEND,
} from '@opentelemetry/semantic-conventions/incubating';

/** What became of something, of few kinds. */
export const ATTR_OUTCOME = 'tallystick.outcome';
/** Whether it had been taken before. */
export const ATTR_KNOWN = 'tallystick.known';
export const ATTR_PROGRAM = 'tallystick.program';

/** `times`: what it does at once. The conventions want a number only where that is more than one. */
export const databaseAttributes = (
  of: { readonly system: string; readonly namespace: string; readonly operation: string },
  times = 1,
): Attributes => ({
  [ATTR_DB_SYSTEM_NAME]: of.system,
  [ATTR_DB_NAMESPACE]: of.namespace,
  [ATTR_DB_OPERATION_NAME]: of.operation,
  ...(times > 1 ? { [ATTR_DB_OPERATION_BATCH_SIZE]: times } : {}),
});

const types = {
  send: MESSAGING_OPERATION_TYPE_VALUE_SEND,
  process: MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
} as const;

/** No key and no id of a message: a till may have a card number there. */
export const messagingAttributes = (
  of: {
    readonly system: string;
    readonly operation: keyof typeof types;
    readonly topic: string;
    readonly group?: string;
  },
  times = 1,
): Attributes => ({
  [ATTR_MESSAGING_SYSTEM_NAME]: of.system,
  [ATTR_MESSAGING_OPERATION_NAME]: of.operation,
  [ATTR_MESSAGING_OPERATION_TYPE]: types[of.operation],
  [ATTR_MESSAGING_DESTINATION_NAME]: of.topic,
  ...(of.group === undefined ? {} : { [ATTR_MESSAGING_CONSUMER_GROUP_NAME]: of.group }),
  ...(times > 1 ? { [ATTR_MESSAGING_BATCH_MESSAGE_COUNT]: times } : {}),
});
