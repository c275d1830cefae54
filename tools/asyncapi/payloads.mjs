/** JSON Schema (draft 07) of the messages of proto/, as the JSON of published events has them. */

const integers = new Set(['TYPE_INT32', 'TYPE_INT64', 'TYPE_UINT32', 'TYPE_UINT64']);

/** Comments by their place in a file: `4,<message>` or `4,<message>,2,<field>`. */
const commentsOf = (file) =>
  new Map(
    file.sourceCodeInfo.location
      .filter(({ leadingComments }) => leadingComments !== undefined)
      .map(({ path, leadingComments }) => [
        path.join(),
        leadingComments
          .split('\n')
          .map((line) => line.trim())
          .join(' ')
          .trim(),
      ]),
  );

export const refOf = (typeName) => ({ $ref: `#/components/schemas/${typeName}` });

const typeOf = (field) => {
  if (field.type === 'TYPE_STRING') return { type: 'string' };
  if (field.type === 'TYPE_BOOL') return { type: 'boolean' };
  if (integers.has(field.type)) return { type: 'integer' };
  if (field.typeName === '.google.protobuf.Struct') return { type: 'object' };
  if (field.type === 'TYPE_MESSAGE') return refOf(field.typeName.slice(1));
  throw new Error(`no schema is known of a field of ${field.type}`);
};

/** What is left out may also be there as null. */
const orNull = (schema) =>
  schema.$ref === undefined
    ? { ...schema, type: [schema.type, 'null'] }
    : { oneOf: [schema, { type: 'null' }] };

const schemaOfField = (field, message, description) => {
  const mapped = message.nestedType?.find(
    ({ name, options }) => options?.mapEntry === true && field.typeName?.endsWith(`.${name}`),
  );
  const described = (schema) =>
    schema.$ref === undefined ? { ...schema, description } : { allOf: [schema], description };
  if (mapped !== undefined)
    return { type: 'object', additionalProperties: typeOf(mapped.field[1]), description };
  if (field.label === 'LABEL_REPEATED') return { type: 'array', items: typeOf(field), description };
  return field.proto3Optional === true
    ? { ...orNull(typeOf(field)), description }
    : described(typeOf(field));
};

const schemaOfMessage = (message, comments, place) => ({
  type: 'object',
  description: comments.get(place) ?? '',
  required: message.field
    .filter(({ label, proto3Optional }) => label !== 'LABEL_REPEATED' && proto3Optional !== true)
    .map(({ jsonName }) => jsonName),
  properties: Object.fromEntries(
    message.field.map((field, index) => [
      field.jsonName,
      schemaOfField(field, message, comments.get(`${place},2,${index}`) ?? ''),
    ]),
  ),
});

/** Of each message of our files, by its full name: its schema. */
export const schemasOf = (files) =>
  new Map(
    files.flatMap((file) => {
      const comments = commentsOf(file);
      return file.messageType.map((message, index) => [
        `${file.package}.${message.name}`,
        schemaOfMessage(message, comments, `4,${index}`),
      ]);
    }),
  );
