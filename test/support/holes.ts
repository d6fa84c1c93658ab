/** What the BPF program leaves out of a segment, written from the description in bpf/values.h. */
import type { Hole } from './kernel.js';

/** Most values left out of a segment, and fewest bytes of one. */
const MOST = 8;
export const LEAST = 1025;
/** Bytes searched for a line. */
const WINDOW = 320;

const KEY = '[^ \\n]{1,250}';
const MORE = '(?: [^\\x00-\\x20]{0,40})?';
/** Lines with a value, and the group with its size. */
const LINES = [
  `(?:set|add|replace|append|prepend) ${KEY} \\d{1,10} -?\\d{1,10} (\\d{1,8})${MORE}\\r\\n`,
  `cas ${KEY} \\d{1,10} -?\\d{1,10} (\\d{1,8}) [^\\x00-\\x20]{1,40}${MORE}\\r\\n`,
  `VALUE ${KEY} \\d{1,10} (\\d{1,8})${MORE}\\r\\n`,
  `VA (\\d{1,8})(?: [^\\n]{0,90})?\\r\\n`,
  `ms ${KEY} (\\d{1,8})(?: [^\\n]{0,90})?\\r\\n`,
].map((line) => new RegExp(`^${line}`));

/** Opcodes with a value, by magic and bytes of extras (protocol_binary.h). */
const OPCODES: Record<string, readonly number[]> = {
  '128 8': [0x01, 0x02, 0x03, 0x11, 0x12, 0x13],
  '128 0': [0x0e, 0x0f, 0x19, 0x1a],
  '129 4': [0x00, 0x09, 0x0c, 0x0d, 0x1d, 0x1e, 0x23, 0x24],
};

interface Line {
  size: number;
  value: number;
  isText: boolean;
}

function lineAt(payload: Uint8Array, at: number): Line | undefined {
  const head = payload.subarray(at, at + WINDOW);
  if (head.length < 24) return undefined;
  const text = Buffer.from(head).toString('latin1');
  for (const line of LINES) {
    const found = line.exec(text);
    if (found) return { size: found[0].length, value: Number(found[1]), isText: true };
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const key = view.getUint16(2);
  const extras = view.getUint8(4);
  const body = view.getUint32(8);
  const opcodes = OPCODES[`${view.getUint8(0)} ${extras}`] ?? [];
  if (!opcodes.includes(view.getUint8(1)) || view.getUint8(5) !== 0 || view.getUint16(6) !== 0)
    return undefined;
  if (key > 250 || (key === 0 && view.getUint8(0) === 0x80)) return undefined;
  const size = 24 + extras + key;
  if (body <= extras + key || size > head.length) return undefined;
  return { size, value: body - extras - key, isText: false };
}

/** The holes of a segment with this payload; none where it is copied whole. */
export function holesOf(payload: Uint8Array): Hole[] {
  const holes: Hole[] = [];
  let at = 0;
  let after = false;
  while (holes.length < MOST && at < payload.length && payload.length >= LEAST) {
    let from = at;
    const text = Buffer.from(payload.subarray(at, at + 7)).toString('latin1');
    if (after && text.length >= 2) {
      if (!text.startsWith('\r\n')) return [];
      from += text === '\r\nEND\r\n' ? 7 : 2;
    }
    const line = lineAt(payload.subarray(0, at + WINDOW), from);
    if (line === undefined) break;
    const offset = from + line.size;
    const size = Math.min(line.value, payload.length - offset);
    if (size < LEAST) break;
    holes.push({ offset, size });
    at = offset + size;
    after = line.isText;
  }
  // A last piece as long as this is not gathered.
  return payload.length - at > 4096 ? [] : holes;
}
