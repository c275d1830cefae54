import { isDeepStrictEqual } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import { z } from 'zod';
import { handlersOf, type Handler } from '../handlers.js';

/** A JSON Schema (2020-12), as OpenAPI 3.1 has them. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where Nest and its swagger module keep what a handler takes and answers. */
const keys = {
  paramTypes: 'design:paramtypes',
  responses: 'swagger/apiResponse',
  parameters: 'swagger/apiParameters',
} as const;

/** nestjs-zod names the class behind `Dto.Output` so. */
const outputSuffix = '_Output';

const record = z.record(z.string(), z.unknown());
const list = z.array(z.unknown()).catch([]);
const withType = z.looseObject({ type: z.unknown() });

const typesOf = ({ controller, name, method }: Handler): unknown[] => {
  const prototype: unknown = controller.prototype;
  const params: unknown =
    prototype instanceof Object && Reflect.getMetadata(keys.paramTypes, prototype, name);
  const responses: unknown = Reflect.getMetadata(keys.responses, method);
  const parameters: unknown = Reflect.getMetadata(keys.parameters, method);
  const described = [
    ...Object.values(record.safeParse(responses).data ?? {}),
    ...list.parse(parameters),
  ];
  return [
    ...list.parse(params),
    ...described.flatMap((one) => withType.safeParse(one).data?.type ?? []),
  ].flat();
};

interface Dto {
  readonly name: string;
  readonly schema: z.ZodType;
}

const dtoOf = (type: unknown): Dto | undefined => {
  if (typeof type !== 'function' || !('isZodDto' in type) || !('schema' in type)) return undefined;
  return type.schema instanceof z.ZodType ? { name: type.name, schema: type.schema } : undefined;
};

/**
 * The schemas of all DTOs that an application's handlers take and answer, by the names of their classes: zod's own JSON
 * Schema. (What the swagger module makes of nestjs-zod's properties loses `null`, for one.)
 * Throws when two different DTOs have one name.
 */
export const dtoSchemas = (app: INestApplication): Record<string, JsonSchema> => {
  const found: Record<string, JsonSchema> = {};
  const add = (name: string, schema: JsonSchema): void => {
    const known = found[name];
    if (known !== undefined && !isDeepStrictEqual(known, schema)) {
      throw new Error(`two DTOs are named ${name}`);
    }
    found[name] = schema;
  };
  for (const type of handlersOf(app).flatMap(typesOf)) {
    const dto = dtoOf(type);
    if (dto === undefined) continue;
    const { own, definitions } = jsonSchema(dto);
    add(dto.name, own);
    for (const [name, schema] of Object.entries(definitions)) add(name, schema);
  }
  return found;
};

const jsonSchema = ({ name, schema }: Dto) => {
  const io = name.endsWith(outputSuffix) ? 'output' : 'input';
  const text = JSON.stringify(
    z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' }),
  )
    .replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/')
    .replaceAll('"$ref":"#"', `"$ref":"#/components/schemas/${name}"`);
  const { $schema: _, $defs, id: __, ...own } = record.parse(JSON.parse(text));
  const definitions = z.record(z.string(), record).parse($defs ?? {});
  return { own, definitions };
};
