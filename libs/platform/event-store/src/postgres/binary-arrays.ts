/**
 * Arrays in PostgreSQL's binary form. As text the driver would quote every quote of every JSON text, and the server
 * take it apart again; this way the bytes travel as they are.
 * Source: PostgreSQL 18, `array_recv` in arrayfuncs.c: dimensions, flags, element type, then length and lower
 * bound of the one dimension, then each element's length and bytes; integers are big-endian.
 */
const oids = { int4: 23, text: 25, uuid: 2950 } as const;
const headerBytes = 20;
const lengthBytes = 4;

const arrayOf = (elementType: number, count: number, bytes: number): Buffer => {
  const buffer = Buffer.allocUnsafe(headerBytes + bytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(elementType, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
};

export const textArray = (values: readonly string[]): Buffer => {
  const lengths = values.map((value) => Buffer.byteLength(value));
  const bytes = lengths.reduce((sum, length) => sum + length + lengthBytes, 0);
  const buffer = arrayOf(oids.text, values.length, bytes);
  let at = headerBytes;
  values.forEach((value, index) => {
    at = buffer.writeInt32BE(lengths[index] ?? 0, at);
    at += buffer.write(value, at);
  });
  return buffer;
};

export const intArray = (values: readonly number[]): Buffer => {
  const buffer = arrayOf(oids.int4, values.length, values.length * (lengthBytes + 4));
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(value, at);
  }
  return buffer;
};

/** Of UUIDs as text with hyphens. */
export const uuidArray = (values: readonly string[]): Buffer => {
  const buffer = arrayOf(oids.uuid, values.length, values.length * (lengthBytes + 16));
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(16, at);
    at += buffer.write(value.replaceAll('-', ''), at, 'hex');
  }
  return buffer;
};
