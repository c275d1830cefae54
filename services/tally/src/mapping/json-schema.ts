import { z } from 'zod';
import { mappingSchema } from './mapping.js';

/** The mapping format as JSON Schema 2020-12, for editors; `mappings/mapping.schema.json` is this text. */
export const mappingJsonSchema = (): string =>
  `${JSON.stringify(z.toJSONSchema(mappingSchema, { io: 'input', target: 'draft-2020-12' }), null, 2)}\n`;
