import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { invalid } from './problems.js';

const schemas = new WeakMap<object, z.ZodType | null>();

/** The schema behind a class that `createZodDto` made, or null. */
const schemaOf = (type: object): z.ZodType | null => {
  let schema = schemas.get(type);
  if (schema === undefined) {
    const found = 'isZodDto' in type && 'schema' in type ? type.schema : undefined;
    schema = found instanceof z.ZodType ? found : null;
    schemas.set(type, schema);
  }
  return schema;
};

/** Parses whatever parameter is typed with a zod DTO: the handler gets the schema's output, the caller problem 400. */
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (metatype === undefined) return value;
    const schema = schemaOf(metatype);
    if (schema === null) return value;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw invalid(parsed.error, type === 'param' ? 'path' : type);
  }
}
