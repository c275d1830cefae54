import { MessageRefused, type OutgoingMessage, type TopicDefinition } from './port.js';

const isText = (value: string): boolean => value.isWellFormed() && !value.includes('\0');

/** Refuses what would not arrive as it was sent: an empty key or id; text that is no Unicode, or holds U+0000. */
export const checkOutgoing = (messages: readonly OutgoingMessage[]): void => {
  messages.forEach(({ key, id, value, headers }, index) => {
    const check = (part: string, text: string): void => {
      if (!isText(text)) throw new MessageRefused(index, `${part} is not Unicode, or holds U+0000`);
    };
    if (key === '') throw new MessageRefused(index, 'its key is empty');
    if (id === '') throw new MessageRefused(index, 'its id is empty');
    check('its key', key);
    check('its id', id);
    check('its value', value);
    for (const [name, text] of Object.entries(headers)) {
      check('the name of a header', name);
      check(`header ${name}`, text);
    }
  });
};

const topicName = /^[A-Za-z0-9._-]{1,200}$/;

/** Refuses values that are no text, for a bus that carries text alone. */
export const checkIsText = (messages: readonly OutgoingMessage[]): void => {
  messages.forEach(({ bytes }, index) => {
    if (bytes !== undefined) throw new MessageRefused(index, 'this bus carries text alone');
  });
};

/** Throws on a topic that cannot be created. */
export const checkTopic = ({ name, partitions }: TopicDefinition): void => {
  if (!topicName.test(name)) throw new Error(`not the name of a topic: ${JSON.stringify(name)}`);
  if (!Number.isSafeInteger(partitions) || partitions < 1)
    throw new Error(`topic ${name} cannot have ${partitions} partitions`);
};
