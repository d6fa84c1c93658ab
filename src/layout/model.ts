import type { Field, FieldType, Schema, Struct } from './schema.js';

/** Size of each field type, bytes, which is also its alignment. */
export const TYPE_SIZE: Readonly<Record<FieldType, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
};

export interface PlacedField extends Field {
  readonly offset: number;
}

export interface PlacedStruct {
  readonly name: string;
  readonly doc: string;
  readonly size: number;
  readonly fields: readonly PlacedField[];
}

/** Calculates the offset of every field, bytes. Throws where the schema breaks its own rules. */
export function place(name: string, struct: Struct): PlacedStruct {
  let offset = 0;
  const fields: PlacedField[] = [];
  for (const field of struct.fields) {
    const size = TYPE_SIZE[field.type];
    if (offset % size !== 0) throw new Error(`${name}.${field.name}: gap before offset ${offset}, pad it`);
    fields.push({ ...field, offset });
    offset += size * (field.count ?? 1);
  }
  if (offset % 8 !== 0) throw new Error(`${name}: size ${offset} is not a multiple of 8`);
  return { name, doc: struct.doc, size: offset, fields };
}

/** The 32-bit FNV-1a hash (draft-eastlake-fnv) of all names, types and values; docs are not part of it. */
export function layoutHash(schema: Schema): number {
  const text = JSON.stringify([
    schema.version,
    Object.entries(schema.constants).map(([name, [value]]) => [name, value]),
    Object.entries(schema.enums).map(([name, e]) => [name, e.names, Object.entries(e.codes ?? {})]),
    Object.entries(schema.structs).map(([name, s]) => [
      name,
      s.fields.map((x) => [x.name, x.type, x.count ?? 1]),
    ]),
  ]);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ (text.charCodeAt(i) & 0xff), 0x01000193) >>> 0;
  }
  return hash;
}
