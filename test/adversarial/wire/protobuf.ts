/** A field by its number: a varint, or bytes with their length before them. */
export type Field = readonly [number: number, value: number | bigint | string | Uint8Array];

/** A message by hand, so that it may also be one that no encoder would write. */
export function message(...fields: Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number' || typeof value === 'bigint') return [varint(BigInt(number) << 3n), varint(value)];
      const bytes = Buffer.from(value);
      return [varint((BigInt(number) << 3n) | 2n), varint(bytes.byteLength), bytes];
    }),
  );
}

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt(value);
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

/** The last value of each field: bytes, or a varint. */
export function fieldsOf(bytes: Buffer): Map<number, Buffer | bigint> {
  const fields = new Map<number, Buffer | bigint>();
  let at = 0;
  const number = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.byteLength) {
    const tag = number();
    const value = number();
    if ((tag & 7n) === 0n) {
      fields.set(Number(tag >> 3n), value);
      continue;
    }
    fields.set(Number(tag >> 3n), bytes.subarray(at, at + Number(value)));
    at += Number(value);
  }
  return fields;
}
