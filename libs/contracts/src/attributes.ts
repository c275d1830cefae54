import {
  streamName,
  type Instant,
  type MemberId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { z } from 'zod';

export const attributeValue = z.union([z.boolean(), z.int(), z.string(), z.array(z.string())]);
export type AttributeValue = z.output<typeof attributeValue>;

/**
 * enrollment, stream `attribute-<program>-<member>`: what is told of a member from `from` on, until the same name is told again from a
 * later moment; of two tellings from one moment the later one counts. Who told it: the event's actor.
 */
export const attributesSet = z.object({
  program: z.string(),
  member: z.string(),
  from: z.string(),
  attributes: z.record(z.string(), attributeValue.nullable()).describe('null: nothing any more'),
  request: z.string().describe('a token of the request that set them'),
});
export type AttributesSet = z.output<typeof attributesSet>;

export const attributeStream = (program: ProgramId, member: MemberId): StreamName =>
  streamName('attribute', program, member);

/** What one event tells of a member. */
export interface Telling {
  readonly from: Instant;
  readonly attributes: Readonly<Record<string, AttributeValue | null>>;
}

/** What an attribute was at a moment, by all tellings in the order in which they came; null: nothing was told, or nothing any more. */
export const attributeAt = (
  tellings: readonly Telling[],
  name: string,
  at: Instant,
): AttributeValue | null => {
  let newest: Telling | null = null;
  for (const telling of tellings)
    if (
      telling.from <= at &&
      Object.hasOwn(telling.attributes, name) &&
      (newest === null || telling.from >= newest.from)
    )
      newest = telling;
  return newest?.attributes[name] ?? null;
};
