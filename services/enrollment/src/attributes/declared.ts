import { rulebookPublished } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import { streamName, type ProgramId } from '@tallystick/kernel';
import { z } from 'zod';

const types = ['bool', 'int', 'string', 'strings'] as const;
type Type = (typeof types)[number];

const declaring = z.looseObject({ attributes: z.record(z.string(), z.enum(types)).optional() });

/** By name, of which types a value may be. */
export type Declared = ReadonlyMap<string, ReadonlySet<Type>>;

/** Which attributes may be told of a programme's members: what any published version declares, and segments. Null: there is no version. */
export const declaredBy = async (
  store: EventStore,
  program: ProgramId,
): Promise<Declared | null> => {
  const declared = new Map<string, Set<Type>>([['segments', new Set(['strings'])]]);
  let versions = 0;
  for await (const { type, data } of store.readStream(streamName('program', program))) {
    if (type !== 'RulebookPublished') continue;
    versions += 1;
    const { document } = rulebookPublished.parse(JSON.parse(data));
    const { attributes = {} } = declaring.parse(JSON.parse(document));
    for (const [name, of] of Object.entries(attributes))
      declared.set(name, (declared.get(name) ?? new Set()).add(of));
  }
  return versions === 0 ? null : declared;
};

const saidAs: Readonly<Record<Type, string>> = {
  bool: 'true or false',
  int: 'a whole number',
  string: 'a text',
  strings: 'a list of texts',
};

const typeOf = (value: unknown): Type | null => {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'strings' : null;
};

/** What is wrong with a value of this name; null: nothing. Null as a value is of every type. */
export const faultOf = (declared: Declared, name: string, value: unknown): string | null => {
  const allowed = declared.get(name);
  if (allowed === undefined) {
    const names = [...declared.keys()].sort().join(', ');
    return `no version of the rulebook declares it under attributes; there are: ${names}`;
  }
  const type = typeOf(value);
  if (type === null || allowed.has(type)) return null;
  return `must be ${[...allowed].map((one) => saidAs[one]).join(' or ')}`;
};
