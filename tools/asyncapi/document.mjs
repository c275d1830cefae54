/** The AsyncAPI 3 document of the bus on Kafka, made of the table of topics, proto/ and the examples. */
import { refOf, schemasOf } from './payloads.mjs';

const dayMs = 24 * 60 * 60 * 1000;

const said = {
  receipts: 'What tills send',
  ledger: 'What happened to points',
  'receipt-log': 'What accrual decided of receipts and cards',
  membership: 'Members and their cards, without names and numbers',
  programs: 'Rulebooks',
  'partner-log': 'Partners and what they told',
  redemptions: 'What was redeemed, reserved and sent, and for what',
  corrections: 'Adjustments, merges, opening balances, closings',
};

const text = (description, more = {}) => ({ type: 'string', description, ...more });

const eventHeaders = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time'],
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: text('The event’s id: stays the same however often it comes'),
    ce_type: text('The event’s type'),
    ce_source: text('With it, an id is unique'),
    ce_subject: text('The event’s stream; the key, too'),
    ce_time: text('When it happened'),
    'content-type': { const: 'application/json' },
    'correlation-id': text('Ties together what one request or message caused'),
    traceparent: text('W3C Trace Context of the cause, if it was traced'),
  },
};

const receiptHeaders = (contentType, required) => ({
  type: 'object',
  ...(required ? { required: ['content-type'] } : {}),
  properties: {
    'content-type': { const: contentType },
    ce_id: text('The till’s own id of the message'),
    traceparent: text('W3C Trace Context'),
  },
});

const kafkaKey = (description) => ({ kafka: { key: text(description), bindingVersion: '0.5.0' } });

/** The example of a message is the whole event. */
const exampleOf = (examples, name) => {
  const payload = examples.get(name);
  return payload === undefined ? {} : { examples: [{ name, payload }] };
};

const eventMessage = (typeName, schema, examples) => {
  const type = typeName.slice(typeName.lastIndexOf('.') + 1);
  const data = { properties: { type: { const: type }, data: refOf(typeName) } };
  return {
    name: type,
    title: type,
    summary: schema.description,
    contentType: 'application/json',
    headers: refOf('EventHeaders'),
    payload: { allOf: [refOf('tallystick.events.v1.Event'), data] },
    bindings: kafkaKey('The event’s stream'),
    ...exampleOf(examples, typeName),
  };
};

const receiptMessages = (receiptSchema, protobuf, examples) => {
  const bindings = kafkaKey('The card number, or the receipt’s own name');
  const summary = 'A receipt. Sending it again is safe.';
  return {
    ReceiptJson: {
      ...{ name: 'Receipt', title: 'A receipt in JSON', summary },
      contentType: 'application/json',
      headers: receiptHeaders('application/json', false),
      payload: receiptSchema,
      bindings,
      ...exampleOf(examples, 'tallystick.receipts.v1.Receipt'),
    },
    ReceiptProtobuf: {
      ...{ name: 'Receipt', title: 'A receipt in protobuf', summary },
      contentType: 'application/protobuf',
      headers: receiptHeaders('application/protobuf', true),
      payload: { schemaFormat: 'application/vnd.google.protobuf;version=3', schema: protobuf },
      bindings,
    },
  };
};

const channelOf = ({ name, partitions, retentionDays, compacted }, messages) => ({
  address: name,
  title: name,
  description: said[name],
  messages: Object.fromEntries(
    messages.map((message) => [message, { $ref: `#/components/messages/${message}` }]),
  ),
  bindings: {
    kafka: {
      topic: name,
      partitions,
      topicConfiguration: {
        'cleanup.policy': [compacted === true ? 'compact' : 'delete'],
        'retention.ms': retentionDays === undefined ? -1 : retentionDays * dayMs,
      },
      bindingVersion: '0.5.0',
    },
  },
});

const operationOf = (topic, messages) => ({
  action: topic === 'receipts' ? 'receive' : 'send',
  channel: { $ref: `#/channels/${topic}` },
  summary: said[topic],
  messages: messages.map((message) => ({ $ref: `#/channels/${topic}/messages/${message}` })),
});

/**
 * @param of `topics`: the table. `files`: the descriptors of our .proto files. `fileOfTopic`: which of them has a topic's events.
 * `receiptSchema`: JSON Schema of a receipt. `protobuf`: the text of its .proto file. `examples`: by the names of messages.
 */
export const asyncApi = ({ topics, files, fileOfTopic, receiptSchema, protobuf, examples }) => {
  const schemas = schemasOf(files);
  const messages = receiptMessages(receiptSchema, protobuf, examples);
  const receiptNames = Object.keys(messages);
  const [channels, operations] = [{}, {}];
  for (const topic of topics) {
    const file = files.find(({ name }) => name === fileOfTopic[topic.name]);
    const types = file === undefined ? [] : eventTypes(file);
    for (const { name, typeName } of types)
      messages[name] = eventMessage(typeName, schemas.get(typeName), examples);
    // The one topic without events is what tills write.
    const names = file === undefined ? receiptNames : types.map(({ name }) => name);
    channels[topic.name] = channelOf(topic, names);
    operations[topic.name] = operationOf(topic.name, names);
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tallystick on Kafka',
      version: '1.0.0',
      description:
        'What tills write and what partners’ systems read. Made by `npm run asyncapi`; docs/kafka.md says what is promised.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels,
    operations,
    components: {
      messages,
      schemas: { EventHeaders: eventHeaders, ...Object.fromEntries(schemas) },
    },
  };
};

/** The messages of a file that are events: no other message has them within it, and their names say what happened. */
const eventTypes = (file) => {
  const within = new Set(
    file.messageType.flatMap(({ field, nestedType = [] }) =>
      [...field, ...nestedType.flatMap((one) => one.field)].map(({ typeName }) => typeName),
    ),
  );
  return file.messageType
    .map(({ name }) => ({ name, typeName: `${file.package}.${name}` }))
    .filter(({ name, typeName }) => !within.has(`.${typeName}`) || name === 'AccountOpened')
    .filter(({ name }) => name !== 'EarnEvent');
};
