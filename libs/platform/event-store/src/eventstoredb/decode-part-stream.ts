import { categoryOf, type StreamName } from '@tallystick/kernel';

/** The name that a stream of a part has in the whole store: the part's name stands behind the category. */
export const streamInPart = (stream: StreamName, part: string): StreamName =>
  renamed(stream, `${categoryOf(stream)}-`, `${categoryOf(stream)}-${part}-`);

/** The other way round; a stream that is not of the part keeps its name. */
export const streamOutOfPart = (stream: StreamName, part: string): StreamName =>
  renamed(stream, `${categoryOf(stream)}-${part}-`, `${categoryOf(stream)}-`);

const renamed = (stream: StreamName, from: string, to: string): StreamName =>
  stream.startsWith(from) ? (`${to}${stream.slice(from.length)}` as StreamName) : stream;
