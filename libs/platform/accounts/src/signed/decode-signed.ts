import type { z } from 'zod';
import type { RecordedEvent } from '@tallystick/event-store';

/** What the data of each type of event must be. */
export type Schemas = Readonly<Record<string, z.ZodType<object>>>;

/** An event of one of these types. */
export type EventOf<All extends Schemas> = {
  readonly [Type in keyof All & string]: {
    readonly type: Type;
    readonly data: z.output<All[Type]>;
  };
}[keyof All & string];

/** Reads the events of a stream. Throws on a type that this release does not know, and on data that are not what they must be. */
export const decoderOf =
  <All extends Schemas>(schemas: All) =>
  ({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): EventOf<All> => {
    const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
    if (schema === undefined)
      throw new Error(`this release does not understand ${type}: upgrade it`);
    return { type, data: schema.parse(JSON.parse(data)) } as EventOf<All>;
  };
