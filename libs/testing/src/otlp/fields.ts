import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A protobuf message by the numbers of its fields, as its bytes have them: the schema is the reader's business. */
export class Fields {
  private readonly values = new Map<number, Uint8Array[]>();

  constructor(bytes: Uint8Array) {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      const value =
        type === WireType.LengthDelimited ? reader.bytes() : reader.skip(type, field).slice();
      const known = this.values.get(field);
      if (known === undefined) this.values.set(field, [value]);
      else known.push(value);
    }
  }

  has(field: number): boolean {
    return this.values.has(field);
  }

  bytes(field: number): Uint8Array | undefined {
    return this.values.get(field)?.at(-1);
  }

  messages(field: number): readonly Fields[] {
    return (this.values.get(field) ?? []).map((bytes) => new Fields(bytes));
  }

  message(field: number): Fields {
    return new Fields(this.bytes(field) ?? new Uint8Array());
  }

  text(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  hex(field: number): string {
    return Buffer.from(this.bytes(field) ?? []).toString('hex');
  }

  varint(field: number): number {
    const bytes = this.bytes(field);
    return bytes === undefined ? 0 : Number(new BinaryReader(bytes).int64());
  }

  double(field: number): number {
    const bytes = this.bytes(field);
    return bytes === undefined ? 0 : new BinaryReader(bytes).double();
  }

  fixed64(field: number): bigint {
    const bytes = this.bytes(field);
    return bytes === undefined ? 0n : BigInt(new BinaryReader(bytes).sfixed64());
  }
}
