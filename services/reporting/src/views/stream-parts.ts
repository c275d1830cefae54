/** What `<category>-<program>-<id>` names, decoded. Throws when the name has fewer parts. */
export const programAndId = (stream: string): readonly [program: string, id: string] => {
  const [, program, id] = stream.split('-').map(decodeURIComponent);
  if (program === undefined || id === undefined)
    throw new Error(`stream ${stream} names no program and id`);
  return [program, id];
};
