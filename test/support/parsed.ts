/**
 * Message records, as the description in LAYOUT.md has them: made of packets by rules of their own, the regular
 * expressions below, and the SipHash of the reference.
 */
import { MESSAGE, MESSAGE_FORM_NAMES, MESSAGE_RECORD, MESSAGES_MAX } from '#src/layout/generated.js';
import { sipHash } from '../reference/siphash.js';
import { flowHash } from './kernel.js';
import type { Packet } from './packets.js';

const ETHERNET = 14;
const IS_PARSED = 255;
const LOGIN = 0x20;
const NUMBERS = 0x40;
const END = 0x80;
/** Most bytes of a line besides its key, and of a value that may be a login. */
const LINE_MAX = 48;
const LOGIN_MAX = 1024;
/** Longest value of memcached: INT_MAX - 2. */
const VALUE_MAX = 2147483645;

type Form = (typeof MESSAGE_FORM_NAMES)[number];

/** One message before it is bytes. */
export interface Parsed {
  form: Form | number;
  bits?: number;
  key?: Uint8Array;
  /** In place of the key's hash. */
  hash?: bigint;
  lineSize: number;
  keyAt?: number;
  valueSize?: number;
  /** Client flags and time to live. */
  numbers?: readonly [number, number];
  /** The line without key and line end, or header and extras. */
  raw?: Uint8Array;
}

/** The bytes of a message. */
export function messageBytes(message: Parsed, secret: Uint8Array): Uint8Array {
  const { form, bits = 0, key, lineSize, keyAt = 0, valueSize = 0, numbers, raw } = message;
  const size = MESSAGE.SIZE + (key ? 8 : 0) + (numbers ? 8 : 0) + (((raw?.length ?? 0) + 7) & ~7);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const number = typeof form === 'number' ? form : MESSAGE_FORM_NAMES.indexOf(form);
  view.setUint8(MESSAGE.form, number | bits | (numbers ? NUMBERS : 0));
  view.setUint8(MESSAGE.key_size, key?.length ?? 0);
  view.setUint8(MESSAGE.line_size, lineSize);
  view.setUint8(MESSAGE.key_at, keyAt);
  view.setUint32(MESSAGE.value_size, valueSize, true);
  let at = MESSAGE.SIZE;
  if (key) {
    view.setBigUint64(at, message.hash ?? sipHash(secret, key), true);
    at += 8;
  }
  if (numbers) {
    view.setUint32(at, numbers[0], true);
    view.setUint32(at + 4, numbers[1], true);
  } else if (raw) bytes.set(raw, at);
  return bytes;
}

const K = '([\\x21-\\x7e\\x80-\\xff]{1,250})';
const N = '(0|[1-9]\\d{0,9})';
const SIGNED = '(-?[1-9]\\d{0,9}|0)';
/** Flags of meta lines, without b and, in requests, without a sign. */
const ASKED = '((?: [ac-zA-Z][\\x21-\\x7e]*)*)';
const NOREPLY = '(?: noreply)?';

const line = (text: string) => new RegExp(`^${text}\\r\\n`);
const GET = line(`get ${K}((?: ${K})*)`);
const SET = line(`set ${K} ${N} ${N} ${N}`);
const VALUE = line(`VALUE ${K} ${N} ${N}`);
const WORD = line('(END|STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|OK)');
/** Requests with one key and perhaps more, and the group with the size of their value. */
const REQUESTS: readonly [RegExp, size?: number][] = [
  [line(`gets ${K}((?: ${K})*)`)],
  [line(`gats? ${SIGNED} ${K}((?: ${K})*)`)],
  [line(`(?:set|add|replace|append|prepend) ${K} ${N} ${SIGNED} ${N}${NOREPLY}`), 4],
  [line(`cas ${K} ${N} ${SIGNED} ${N} \\d{1,20}${NOREPLY}`), 4],
  [line(`(?:incr|decr) ${K} \\d{1,20}${NOREPLY}`)],
  [line(`delete (?!noreply\\r)${K}${NOREPLY}`)],
  [line(`touch ${K} ${SIGNED}${NOREPLY}`)],
  [line(`m[gdae] ${K}${ASKED}`)],
  [line(`ms ${K} ${N}${ASKED}`), 2],
  [line('mn')],
];
const ANSWERS: readonly [RegExp, size?: number][] = [
  [line(`VALUE ${K} ${N} ${N} \\d{1,20}`), 3],
  [line(`VA ${N}${ASKED}`), 1],
  [line(`(?:HD|EN|NS|EX|NF|MN)${ASKED}`)],
  [line('\\d{1,20}')],
];

const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

/** Whether a value reads like a user's name and password: two words or more, of anything but CR, LF and NUL. */
function isLogin(value: string): boolean {
  return value.length <= LOGIN_MAX && /^ *[^\r\n\0 ]+ +[^\r\n\0 ][^\r\n\0]*$/.test(value);
}

/** A segment that is being read. */
class Reader {
  at = 0;
  readonly messages: Parsed[] = [];
  constructor(
    readonly text: string,
    readonly isClient: boolean,
  ) {}

  get rest(): string {
    return this.text.slice(this.at);
  }

  /** Takes the value of the last message, which begins here. Returns false where it is no value. */
  data(size: number): boolean {
    if (size > VALUE_MAX) return false;
    const value = this.text.slice(this.at, this.at + size);
    const end = this.text.slice(this.at + size, this.at + size + 2);
    const last = this.messages.at(-1)!;
    last.valueSize = size;
    const isSet =
      this.isClient && (last.form === 'set' || latin(last.raw ?? new Uint8Array()).startsWith('set '));
    if (value.length < size) {
      this.at = this.text.length;
      return value.length > 0 && !(isSet && size <= LOGIN_MAX);
    }
    this.at += size + 2;
    if (isSet && isLogin(value)) last.bits = (last.bits ?? 0) | LOGIN;
    // Where a line may have a value or not, one of 0 bytes is not told apart but at the end.
    return end === '\r\n' && (size > 0 || last.form !== 'line' || this.at === this.text.length);
  }

  keys(text: string): void {
    for (const key of text.split(' ').slice(1))
      this.messages.push({ form: 'key', key: bytesOf(key), lineSize: 1 });
  }

  /** A line whose key lies at `from`, if it has one. */
  general(whole: string, key: string, from: number): boolean {
    const raw = key === '' ? whole.slice(0, -2) : whole.slice(0, from) + whole.slice(from + key.length, -2);
    if (raw.length > LINE_MAX) return false;
    const message: Parsed = { form: 'line', lineSize: raw.length + 2, raw: bytesOf(raw) };
    if (key !== '') Object.assign(message, { key: bytesOf(key), keyAt: from });
    this.messages.push(message);
    return true;
  }

  /** Takes one message; false where there is none. */
  step(): boolean {
    if (this.rest.charCodeAt(0) >>> 1 === 0x40) return this.frame();
    return this.isClient ? this.request() : this.answer();
  }

  request(): boolean {
    const get = GET.exec(this.rest);
    if (get) {
      this.at += get[0].length;
      this.messages.push({ form: 'get', key: bytesOf(get[1]!), lineSize: 6 });
      this.keys(get[2]!);
      return true;
    }
    const set = SET.exec(this.rest);
    if (set && Number(set[2]) < 2 ** 32 && Number(set[3]) < 2 ** 32) {
      const [whole, key, flags, ttl, size] = set;
      this.at += whole.length;
      this.messages.push({
        form: 'set',
        key: bytesOf(key!),
        lineSize: whole.length - key!.length,
        ...(flags === '0' && ttl === '0' ? {} : { numbers: [Number(flags), Number(ttl)] as const }),
      });
      return this.data(Number(size));
    }
    for (const [form, size] of REQUESTS) {
      const found = form.exec(this.rest);
      if (!found) continue;
      const isGat = found[0].startsWith('gat');
      const key = (isGat ? found[2] : found[1]) ?? '';
      const further = /^gats? /.test(found[0]) ? found[3]! : found[0].startsWith('gets ') ? found[2]! : '';
      const whole = further === '' ? found[0] : `${found[0].slice(0, -2 - further.length)}\r\n`;
      const from = isGat ? whole.length - 2 - key.length : found[0].indexOf(' ') + 1;
      if (!this.general(whole, key, from)) return false;
      this.keys(further);
      this.at += found[0].length;
      return size === undefined || this.data(Number(found[size]));
    }
    return false;
  }

  answer(): boolean {
    const word = WORD.exec(this.rest);
    if (word) {
      this.at += word[0].length;
      this.messages.push({ form: word[1]!.toLowerCase() as Form, lineSize: word[0].length });
      return true;
    }
    const value = VALUE.exec(this.rest);
    if (value && Number(value[2]) < 2 ** 32) {
      const [whole, key, flags, size] = value;
      this.at += whole.length;
      const message: Parsed = {
        form: 'value',
        key: bytesOf(key!),
        lineSize: whole.length - key!.length,
        ...(flags === '0' ? {} : { numbers: [Number(flags), 0] as const }),
      };
      this.messages.push(message);
      return this.data(Number(size)) && this.end(true);
    }
    for (const [form, size] of ANSWERS) {
      const found = form.exec(this.rest);
      if (!found) continue;
      const whole = found[0];
      const isValue = whole.startsWith('VALUE ');
      const returned = isValue ? null : / k([\x21-\x7e\x80-\xff]{1,250})/.exec(whole);
      const key = isValue ? found[1]! : (returned?.[1] ?? '');
      if (!this.general(whole, key, isValue ? 6 : returned ? returned.index + 2 : 0)) return false;
      this.at += whole.length;
      return size === undefined || (this.data(Number(found[size])) && this.end(isValue));
    }
    return false;
  }

  /** Takes the `END` after a VALUE into its message. */
  end(isValue: boolean): boolean {
    const last = this.messages.at(-1)!;
    if (isValue && this.rest.startsWith('END\r\n') && (last.form === 'value' || last.valueSize)) {
      last.bits = END;
      this.at += 5;
    }
    return true;
  }

  /** A frame of the binary protocol, whole. */
  frame(): boolean {
    const bytes = bytesOf(this.rest);
    if (bytes.length < 24 || bytes[0] !== (this.isClient ? 0x80 : 0x81)) return false;
    const view = new DataView(bytes.buffer);
    const keySize = view.getUint16(2);
    const extras = bytes[4]!;
    const body = view.getUint32(8);
    if (keySize > 250 || extras > 20 || body < keySize + extras || 24 + body > bytes.length) return false;
    const head = 24 + extras;
    this.messages.push({
      form: 'binary',
      lineSize: head,
      keyAt: head,
      raw: bytes.slice(0, head),
      valueSize: body - keySize - extras,
      ...(keySize > 0 && { key: bytes.slice(head, head + keySize) }),
    });
    this.at += 24 + body;
    return true;
  }
}

/** The messages of a segment with this payload; none where it is handed over as a packet. */
export function messagesOf(payload: Uint8Array, isClient: boolean): Parsed[] | undefined {
  const reader = new Reader(latin(payload), isClient);
  while (reader.at < reader.text.length) if (!reader.step()) return undefined;
  if (reader.at > reader.text.length || reader.messages.length > MESSAGES_MAX) return undefined;
  return reader.messages;
}

/** What a frame has in its headers. */
function headersOf(frame: Uint8Array) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const isIpv4 = frame[ETHERNET]! >> 4 === 4;
  const tcp = ETHERNET + (isIpv4 ? 20 : 40);
  const headers = tcp + (frame[tcp + 12]! >> 4) * 4;
  const addresses = isIpv4 ? frame.subarray(ETHERNET + 12, tcp) : frame.subarray(ETHERNET + 8, tcp);
  return { view, isIpv4, tcp, headers, addresses };
}

const NO_PAYLOAD_FLAGS = 0x27;

/** Bytes of a message record, in a ring; `change` may falsify its head. */
export function recordOf(
  { data: frame, time }: Packet,
  messages: readonly Uint8Array[],
  change: (record: DataView) => void = () => {},
): Uint8Array {
  const { view, isIpv4, tcp, headers, addresses } = headersOf(frame);
  const size = messages.reduce((sum, { length }) => sum + length, MESSAGE_RECORD.SIZE + addresses.length);
  const bytes = new Uint8Array(8 + ((size + 7) & ~7));
  const record = new DataView(bytes.buffer, 8);
  new DataView(bytes.buffer).setUint32(0, size, true);
  record.setBigUint64(MESSAGE_RECORD.time, time, true);
  record.setUint32(MESSAGE_RECORD.sequence, view.getUint32(tcp + 4), true);
  record.setUint32(MESSAGE_RECORD.ack, view.getUint32(tcp + 8), true);
  record.setUint32(MESSAGE_RECORD.hash, flowHash(frame), true);
  record.setUint8(MESSAGE_RECORD.headers, headers);
  bytes.set(frame.subarray(tcp + 14, tcp + 16), 8 + MESSAGE_RECORD.window);
  record.setUint16(MESSAGE_RECORD.size, frame.length - headers, true);
  record.setUint8(MESSAGE_RECORD.family, isIpv4 ? 4 : 6);
  record.setUint8(MESSAGE_RECORD.protocol, IS_PARSED);
  bytes.set(frame.subarray(tcp, tcp + 4), 8 + MESSAGE_RECORD.ports);
  bytes.set(addresses, 8 + MESSAGE_RECORD.SIZE);
  let at = 8 + MESSAGE_RECORD.SIZE + addresses.length;
  for (const message of messages) {
    bytes.set(message, at);
    at += message.length;
  }
  change(record);
  return bytes;
}

/** The message record of a packet over Ethernet, if the program may make one of it. */
export function parsedRecord(packet: Packet, secret: Uint8Array, serverPort = 11211): Uint8Array | undefined {
  const { data: frame } = packet;
  const { view, tcp, headers } = headersOf(frame);
  const flags = frame[tcp + 13]!;
  const payload = frame.subarray(headers);
  if (flags & NO_PAYLOAD_FLAGS || !(flags & 0x10) || payload.length === 0 || payload.length > 65535)
    return undefined;
  const messages = messagesOf(payload, view.getUint16(tcp + 2) === serverPort);
  return (
    messages &&
    recordOf(
      packet,
      messages.map((message) => messageBytes(message, secret)),
    )
  );
}
