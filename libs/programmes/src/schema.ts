import { rulebookJsonSchema } from '@tallystick/contracts';

/** The format of rulebooks as JSON Schema 2020-12, for editors; `templates/rulebook.schema.json` is this text. */
export const rulebookSchemaText = (): string =>
  `${JSON.stringify(rulebookJsonSchema(), null, 2)}\n`;
