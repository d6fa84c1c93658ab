/**
 * Messages of the binary protocol as bytes, written by doc/protocol-binary.txt alone: what tests send, and what
 * they compare.
 */
import { ascii } from './conversation.js';

/** Opcodes by the document's names. */
export const OPCODES: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'GET SET ADD REPLACE DELETE INCREMENT DECREMENT QUIT FLUSH GETQ NOOP VERSION GETK GETKQ APPEND PREPEND',
    'STAT SETQ ADDQ REPLACEQ DELETEQ INCREMENTQ DECREMENTQ QUITQ FLUSHQ APPENDQ PREPENDQ VERBOSITY TOUCH GAT GATQ -',
    'SASL_LIST_MECHS SASL_AUTH SASL_STEP GATK GATKQ',
  ]
    .join(' ')
    .split(' ')
    .map((name, opcode) => [name, opcode]),
);

/** One message; what is left out is empty or zero. The sizes are those of the parts unless told otherwise. */
export interface Message {
  magic: number;
  opcode: number;
  status?: number;
  opaque?: number;
  cas?: bigint;
  extras?: Uint8Array;
  key?: Uint8Array;
  value?: Uint8Array;
  keySize?: number;
  extrasSize?: number;
  bodySize?: number;
}

const NONE = new Uint8Array(0);

export function encode(message: Message): Uint8Array {
  const { extras = NONE, key = NONE, value = NONE } = message;
  const bytes = new Uint8Array(24 + extras.length + key.length + value.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, message.magic);
  view.setUint8(1, message.opcode);
  view.setUint16(2, message.keySize ?? key.length);
  view.setUint8(4, message.extrasSize ?? extras.length);
  view.setUint16(6, message.status ?? 0);
  view.setUint32(8, message.bodySize ?? extras.length + key.length + value.length);
  view.setUint32(12, message.opaque ?? 0);
  view.setBigUint64(16, message.cas ?? 0n);
  bytes.set(extras, 24);
  bytes.set(key, 24 + extras.length);
  bytes.set(value, 24 + extras.length + key.length);
  return bytes;
}

/** The whole messages bytes begin with, and how many bytes those have. */
export function decode(bytes: Uint8Array): { messages: Required<Message>[]; size: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const messages: Required<Message>[] = [];
  let at = 0;
  while (at + 24 <= bytes.length) {
    const [keySize, extrasSize, bodySize] = [
      view.getUint16(at + 2),
      view.getUint8(at + 4),
      view.getUint32(at + 8),
    ];
    const key = at + 24 + extrasSize;
    const end = at + 24 + bodySize;
    if (end > bytes.length) break;
    messages.push({
      magic: bytes[at]!,
      opcode: bytes[at + 1]!,
      status: view.getUint16(at + 6),
      opaque: view.getUint32(at + 12),
      cas: view.getBigUint64(at + 16),
      extras: bytes.slice(at + 24, key),
      key: bytes.slice(key, key + keySize),
      value: bytes.slice(key + keySize, end),
      keySize,
      extrasSize,
      bodySize,
    });
    at = end;
  }
  return { messages, size: at };
}

/** Fields of extras, by name: bytes each has. */
const EXTRAS: Record<string, number> = { flags: 4, ttl: 4, delta: 8, initial: 8 };

export function bigEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 255n));
}

/**
 * A message as conversations write it: its name (or 0xNN), its opaque, then fields: `flags ttl delta initial` make
 * up the extras in the order they stand, `extras` is hexadecimal, `key` and `value` are text; `status cas magic
 * keysize extrasize bodysize` are numbers.
 */
export function messageOf(
  line: string,
  from: 'client' | 'server',
  text: (part: string) => string,
): Uint8Array {
  const [name = '', opaque = '0', ...fields] = line.trim().split(/ +/);
  const opcode = OPCODES[name] ?? Number(name);
  if (!(opcode >= 0 && opcode <= 255)) throw new Error(`no opcode: ${line}`);
  const extras: number[] = [];
  const message: Message = { magic: from === 'client' ? 0x80 : 0x81, opcode, opaque: Number(opaque) };
  for (const field of fields) {
    const [, key = '', value = ''] = /^(\w+)=(.*)$/s.exec(field) ?? [];
    const number = () => Number(value);
    if (key in EXTRAS) extras.push(...bigEndian(BigInt(value), EXTRAS[key]!));
    else if (key === 'extras') extras.push(...Buffer.from(value, 'hex'));
    else if (key === 'key') message.key = ascii(text(value));
    else if (key === 'value') message.value = ascii(text(value));
    else if (key === 'cas') message.cas = BigInt(value);
    else if (key === 'status') message.status = number();
    else if (key === 'magic') message.magic = number();
    else if (key === 'keysize') message.keySize = number();
    else if (key === 'extrasize') message.extrasSize = number();
    else if (key === 'bodysize') message.bodySize = number();
    else throw new Error(`no field of a message: ${field}`);
  }
  if (extras.length) message.extras = Uint8Array.from(extras);
  return encode(message);
}
