/** Message records of the BPF ring, read and spelled again by LAYOUT.md alone. */
import {
  MESSAGE,
  MESSAGE_END,
  MESSAGE_FORM_NAMES,
  MESSAGE_LOGIN,
  MESSAGE_NUMBERS,
  MESSAGE_PROTOCOL,
  MESSAGE_RECORD,
} from '#src/layout/generated.js';

export interface Message {
  form: (typeof MESSAGE_FORM_NAMES)[number];
  login: boolean;
  end: boolean;
  keySize: number;
  lineSize: number;
  keyAt: number;
  valueSize: number;
  hash?: bigint;
  flags?: number;
  ttl?: number;
  /** The bytes of a line without key and line end, or header and extras of a frame. */
  rest?: string;
}

export interface MessageRecord {
  sequence: number;
  ack: number;
  hash: number;
  ifindex: number;
  headers: number;
  window: number;
  size: number;
  family: number;
  ports: number;
  /** Both, as on the wire. */
  addresses: Uint8Array;
  messages: Message[];
}

export function isMessageRecord(record: Uint8Array): boolean {
  return record[MESSAGE_RECORD.protocol] === MESSAGE_PROTOCOL;
}

export function readMessageRecord(record: Uint8Array): MessageRecord {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const u32 = (at: number) => view.getUint32(at, true);
  const family = record[MESSAGE_RECORD.family]!;
  let at = MESSAGE_RECORD.SIZE + (family === 4 ? 8 : 32);
  const addresses = record.slice(MESSAGE_RECORD.SIZE, at);
  const messages: Message[] = [];
  while (at < record.length) {
    const bits = record[at + MESSAGE.form]!;
    const message: Message = {
      form: MESSAGE_FORM_NAMES[bits & (MESSAGE_LOGIN - 1)]!,
      login: (bits & MESSAGE_LOGIN) !== 0,
      end: (bits & MESSAGE_END) !== 0,
      keySize: record[at + MESSAGE.key_size]!,
      lineSize: record[at + MESSAGE.line_size]!,
      keyAt: record[at + MESSAGE.key_at]!,
      valueSize: u32(at + MESSAGE.value_size),
    };
    at += MESSAGE.SIZE;
    if (message.keySize > 0) {
      message.hash = view.getBigUint64(at, true);
      at += 8;
    }
    const hasRest = message.form === 'line' || message.form === 'binary';
    if (hasRest) {
      const size = message.form === 'line' ? message.lineSize - 2 : message.lineSize;
      message.rest = Buffer.from(record.subarray(at, at + size)).toString('latin1');
      const padded = (size + 7) & ~7;
      if (record.subarray(at + size, at + padded).some((byte) => byte !== 0)) throw new Error('not padded');
      at += padded;
    } else if (bits & MESSAGE_NUMBERS) {
      message.flags = u32(at);
      message.ttl = u32(at + 4);
      at += 8;
    }
    messages.push(message);
  }
  if (at !== record.length) throw new Error('a message ends behind the record');
  return {
    sequence: u32(MESSAGE_RECORD.sequence),
    ack: u32(MESSAGE_RECORD.ack),
    hash: u32(MESSAGE_RECORD.hash),
    ifindex: record[MESSAGE_RECORD.ifindex]!,
    headers: record[MESSAGE_RECORD.headers]!,
    window: view.getUint16(MESSAGE_RECORD.window),
    size: view.getUint16(MESSAGE_RECORD.size, true),
    family,
    ports: u32(MESSAGE_RECORD.ports),
    addresses,
    messages,
  };
}

const WORDS: Partial<Record<Message['form'], string>> = {
  end: 'END',
  stored: 'STORED',
  not_stored: 'NOT_STORED',
  exists: 'EXISTS',
  not_found: 'NOT_FOUND',
  deleted: 'DELETED',
  touched: 'TOUCHED',
  ok: 'OK',
};

/** The payload that a record stands for, with `filler` in all places of values. */
export function spell(
  { messages, size }: MessageRecord,
  keyOf: (hash: bigint, size: number) => string,
  filler: string,
): string {
  let text = '';
  messages.forEach((message, i) => {
    const key = message.hash === undefined ? '' : keyOf(message.hash, message.keySize);
    if (key.length !== message.keySize) throw new Error('a key of another size');
    const { form, valueSize, flags = 0, ttl = 0, rest = '' } = message;
    const start = text.length;
    const whole = `${rest.slice(0, message.keyAt)}${key}${rest.slice(message.keyAt)}`;
    const goesOn = messages[i + 1]?.form === 'key';
    if (form === 'get') text += `get ${key}`;
    else if (form === 'key') text += ` ${key}`;
    else if (form === 'set') text += `set ${key} ${flags} ${ttl} ${valueSize}`;
    else if (form === 'value') text += `VALUE ${key} ${flags} ${valueSize}`;
    else text += WORDS[form] ?? whole;
    const lineEnd = form === 'binary' ? 0 : 2;
    // That of a retrieval comes after its last key.
    const counted = form === 'key' ? 0 : lineEnd;
    if (text.length - start + counted !== message.lineSize + message.keySize) throw new Error('line_size');
    if (lineEnd && !goesOn) text += '\r\n';
    const hasValue = form === 'set' || form === 'value' || (form === 'line' && hasData(whole));
    if (valueSize > 0 || hasValue) text += filler.repeat(valueSize) + (lineEnd ? '\r\n' : '');
    if (message.end) text += 'END\r\n';
  });
  return text.slice(0, size);
}

/** Whether a line that is not frequent has a value behind it. */
function hasData(line: string): boolean {
  return /^(set|add|replace|append|prepend|cas|ms|VALUE|VA) /.test(line);
}
