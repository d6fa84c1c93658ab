/** Decodes frame bodies, which are msgpack maps, with typed access to their entries. */
import { Unpackr } from 'msgpackr/unpack';
import { BlockError } from './damage.js';
import { checkPlain } from './plain.js';

/** A decoded map. Integers of 64 bits are bigint, smaller ones number. */
export type Body = Readonly<Record<string, unknown>>;

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' });

/** Names of operations, counters, reasons and the like: short, and safe to print. */
const NAME = /^[a-z0-9][a-z0-9_]{0,63}$/;

/**
 * Decodes a frame's body. Byte strings are views into it.
 *
 * @throws BlockError where it is not a msgpack map, or exceeds FORMAT.md, "Limits"
 */
export function decodeBody(bytes: Uint8Array): Body {
  checkPlain(bytes);
  let value: unknown;
  try {
    value = unpackr.unpack(bytes);
  } catch {
    throw new BlockError('its body is not msgpack');
  }
  return asBody(value, 'its body');
}

/** @throws BlockError where the value is not a map */
export function asBody(value: unknown, what: string): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new BlockError(`${what} is not a map`);
  }
  return value as Body;
}

/** A count: an integer from 0 to 2^53 − 1. */
export function asCount(value: unknown, what: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (!Number.isSafeInteger(number) || (number as number) < 0) throw new BlockError(`${what} is not a count`);
  return number as number;
}

/** An unsigned integer of 64 bits. */
export function asUint64(value: unknown, what: string): bigint {
  if (typeof value === 'bigint' && value >= 0n) return value;
  return BigInt(asCount(value, what));
}

export function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new BlockError(`${what} is not a text`);
  return value;
}

/** A name as FORMAT.md, "Limits", allows it. */
export function asName(value: unknown, what: string): string {
  const name = asText(value, what);
  if (!NAME.test(name)) throw new BlockError(`${what} is not a name`);
  return name;
}

export function asBytes(value: unknown, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new BlockError(`${what} is not a byte string`);
  return value;
}

export function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new BlockError(`${what} is not an array`);
  return value;
}

/** Counters by name. */
export function asCounts(value: unknown): Record<string, number> {
  const entries = Object.entries(asBody(value, 'counts'));
  return Object.fromEntries(
    entries.map(([name, count]) => [asName(name, 'a counter'), asCount(count, `the counter ${name}`)]),
  );
}
