/** Packets to what was asked and answered over UDP, the slow and obvious way. */
import type { Packet } from '../support/packets.js';
import type { Connection, Stream } from './streams.js';

interface Datagram {
  from: string;
  to: string;
  toServer: boolean;
  id: number;
  sequence: number;
  total: number;
  text: string;
  time: bigint;
  ordinal: number;
}

/** Ethernet and IPv4 without options, in fragments of any order: whole datagrams, in the order they became whole. */
function datagrams(packets: readonly Packet[]): Datagram[] {
  const open = new Map<string, { bytes: number[]; size: number | undefined; done: boolean }>();
  const out: Datagram[] = [];
  packets.forEach(({ data, time }, ordinal) => {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    if (view.getUint16(12) !== 0x0800 || data[23] !== 17) return;
    const at = (view.getUint16(20) & 0x1fff) * 8;
    const body = data.subarray(34, 14 + view.getUint16(16));
    const key = `${data.subarray(26, 34)} ${view.getUint16(18)}`;
    const found = open.get(key);
    // An identification of 1 and no fragment: packets that are whole all have it.
    const whole = at === 0 && !(view.getUint16(20) & 0x2000);
    const datagram =
      found && !whole ? found : { bytes: [], size: undefined as number | undefined, done: false };
    open.set(key, datagram);
    for (const [i, byte] of body.entries()) datagram.bytes[at + i] = byte;
    if (!(view.getUint16(20) & 0x2000)) datagram.size = at + body.length;
    if (datagram.done || datagram.size === undefined) return;
    for (let i = 0; i < datagram.size; i++) if (datagram.bytes[i] === undefined) return;
    datagram.done = true;
    const bytes = Uint8Array.from(datagram.bytes);
    const fields = new DataView(bytes.buffer);
    const [source, destination] = [fields.getUint16(0), fields.getUint16(2)];
    out.push({
      from: `${data.subarray(26, 30)}:${source}`,
      to: `${data.subarray(30, 34)}:${destination}`,
      toServer: destination === 11211,
      id: fields.getUint16(8),
      sequence: fields.getUint16(10),
      total: fields.getUint16(12),
      text: Buffer.from(bytes.subarray(16)).toString('latin1'),
      time,
      ordinal,
    });
  });
  return out;
}

function stream(parts: readonly Datagram[]): Stream {
  return {
    text: parts.map(({ text }) => text).join(''),
    time: parts.flatMap(({ text, time }) => Array.from(text, () => time)),
    ordinal: parts.flatMap(({ text, ordinal }) => Array.from(text, () => ordinal)),
  };
}

/**
 * The datagrams of answers in the order of their messages. Each message counts its own from 0, and those of one may
 * come in any order; a message begins where a number comes again after all of the last have come.
 */
function messages(answers: readonly Datagram[]): Datagram[] {
  const out: Datagram[] = [];
  let open: Datagram[] = [];
  for (const answer of answers) {
    if (open.some(({ sequence }) => sequence === answer.sequence)) continue;
    open.push(answer);
    if (open.length < answer.total) continue;
    out.push(...open.sort((a, b) => a.sequence - b.sequence));
    open = [];
  }
  // Of one that is not whole what comes before the first gap.
  open.sort((a, b) => a.sequence - b.sequence);
  return [...out, ...open.filter(({ sequence }, i) => sequence === i)];
}

/** Each request of one datagram with all that answered it, and the number of its pair of addresses. */
export function exchanges(packets: readonly Packet[]): { connection: Connection; peer: number }[] {
  const peers: string[] = [];
  const asked: { request: Datagram; answers: Datagram[]; peer: number }[] = [];
  for (const datagram of datagrams(packets)) {
    const { from, to, toServer, id, total } = datagram;
    const pair = toServer ? `${from} ${to}` : `${to} ${from}`;
    if (toServer && total === 1) {
      if (!peers.includes(pair)) peers.push(pair);
      asked.push({ request: datagram, answers: [], peer: peers.indexOf(pair) });
    } else if (!toServer) {
      asked
        .findLast(({ request, peer }) => request.id === id && peers[peer] === pair)
        ?.answers.push(datagram);
    }
  }
  return asked.map(({ request, answers, peer }) => {
    const whole = messages(answers);
    return { connection: { client: stream([request]), server: stream(whole) }, peer };
  });
}
