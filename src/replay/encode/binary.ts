/** Binary requests, as doc/protocol-binary.txt of memcached has them. */
import type { Command } from '../command.js';
import { writeKey } from '../keys.js';
import { WAITS } from '../pending.js';
import type { EncodeTo } from './encode.js';

/** Bytes of a request besides key and value: the header and the longest extras. */
const HEAD = 24;
const EXTRAS = 20;
const REQUEST = 0x80;

/** Opcodes, loud and quiet, by what a command does. */
const OPCODES: Readonly<Record<string, readonly [loud: number, quiet: number]>> = {
  get: [0x00, 0x0d],
  gat: [0x1d, 0x24],
  set: [0x01, 0x11],
  cas: [0x01, 0x11],
  add: [0x02, 0x12],
  replace: [0x03, 0x13],
  append: [0x0e, 0x19],
  prepend: [0x0f, 0x1a],
  delete: [0x04, 0x14],
  incr: [0x05, 0x15],
  decr: [0x06, 0x16],
  touch: [0x1c, 0x1c],
};
const NOOP = 0x0a;
/** Expiration of an arithmetic command that is not to create the item. */
const NO_INITIAL = 0xffffffff;

export function encodeBinary(command: Command, to: EncodeTo): void {
  const { shape, keys } = command;
  if (shape.verb === 'barrier') {
    barrier(to);
    return;
  }
  const isMulti = keys > 1;
  for (let i = 0; i < keys; i++) one(command, i, isMulti, to);
  if (isMulti) barrier(to);
}

function barrier({ connection, add }: EncodeTo): void {
  const at = add(WAITS.binaryNoop, false, 0);
  const opaque = connection.nextOpaque();
  connection.queue.opaque[at] = opaque;
  const { writer } = connection;
  writer.reserve(HEAD);
  header(writer, { opcode: NOOP, key: 0, extras: 0, body: 0, opaque });
}

type Writer = EncodeTo['connection']['writer'];

interface Header {
  opcode: number;
  key: number;
  extras: number;
  body: number;
  opaque: number;
}

function header(writer: Writer, { opcode, key, extras, body, opaque }: Header, cas = 0n): void {
  writer.byte(REQUEST);
  writer.byte(opcode);
  writer.uint16(key);
  writer.byte(extras);
  writer.byte(0);
  writer.uint16(0);
  writer.uint32(body);
  writer.uint32(opaque);
  writer.uint32(Number(cas >> 32n));
  writer.uint32(Number(cas & 0xffffffffn));
}

function one(command: Command, index: number, isMulti: boolean, to: EncodeTo): void {
  const { shape } = command;
  const { connection, add, values, casOf } = to;
  const { writer } = connection;
  const { verb } = shape;
  const isStore = verb === 'store';
  // A quiet touch does not exist.
  const quiet = (shape.quiet || isMulti) && verb !== 'touch';
  const at = add(WAITS.binary, quiet, 1, index);
  const opaque = connection.nextOpaque();
  connection.queue.opaque[at] = opaque;
  const key = command.keySize[index]!;
  const value = isStore ? command.valueSize : 0;
  const name = isStore || verb === 'arithmetic' ? shape.mode : verb;
  const extras = extrasOf(name);
  const [loud, silent] = OPCODES[name] ?? OPCODES.get!;
  writer.reserve(HEAD + EXTRAS + key + value);
  const cas = shape.cas ? BigInt(casOf(command)) : 0n;
  header(writer, { opcode: quiet ? silent : loud, key, extras, body: extras + key + value, opaque }, cas);
  writeExtras(name, command, writer);
  const low = command.keyLow[index]!;
  const high = command.keyHigh[index]!;
  writer.end = writeKey(writer.buffer, writer.end, low, high, key);
  if (isStore) values.write(writer, low, high, value);
}

function extrasOf(name: string): number {
  if (name === 'incr' || name === 'decr') return EXTRAS;
  if (name === 'touch' || name === 'gat') return 4;
  return name === 'set' || name === 'add' || name === 'replace' || name === 'cas' ? 8 : 0;
}

function writeExtras(name: string, command: Command, writer: Writer): void {
  const { low, high } = command;
  const ttl = command.has('ttl') ? low.ttl : 0;
  switch (name) {
    case 'incr':
    case 'decr': {
      const hasDelta = command.has('delta');
      const hasInitial = command.has('initial');
      writer.uint32(hasDelta ? high.delta : 0);
      writer.uint32(hasDelta ? low.delta : 1);
      writer.uint32(hasInitial ? high.initial : 0);
      writer.uint32(hasInitial ? low.initial : 0);
      writer.uint32(command.has('ttl') && (hasInitial || command.shape.asRecorded) ? ttl : NO_INITIAL);
      break;
    }
    case 'touch':
    case 'gat':
      writer.uint32(ttl);
      break;
    case 'set':
    case 'add':
    case 'replace':
    case 'cas':
      writer.uint32(command.has('flags') ? low.flags : 0);
      writer.uint32(ttl);
      break;
    default:
  }
}
