/**
 * Conversations over UDP (doc/protocol.txt, "UDP protocol"): datagrams as conversations write them, and the packets
 * that carry them.
 */
import { messageOf } from './binary.js';
import { ascii, START } from './conversation.js';
import { fragments } from './fragments.js';
import { concat, ipv4, link, type Packet, udp } from './packets.js';
import { between, seeded } from './random.js';

export interface Datagram {
  from: 'client' | 'server';
  id: number;
  sequence: number;
  total: number;
  reserved: number;
  clientPort: number;
  data: Uint8Array;
}

/**
 * What may become of datagrams on their way. `whole`: nothing; `smallest`: IP fragments of 8 bytes; `fragments`: of
 * any size; `reversed`: such, each datagram's and each answer's last one first; `twice`: all of them but the last two
 * times, which a copy behind would not be: it is an answer more. Datagrams are not merged and have no other cuts.
 */
export const UDP_CUTS = ['whole', 'smallest', 'fragments', 'reversed', 'twice'] as const;
export type UdpCut = (typeof UDP_CUTS)[number];

const PORT = 11211;
/** Bytes of an answer in one datagram: UDP_MAX_PAYLOAD_SIZE, 1400, less the frame. */
const PART = 1392;

/**
 * One line of a block: `id: data`, where between id and colon may stand `sequence/total`, `reserved=N`,
 * `port=N` of the client, `binary` (the data is a message, as `messageOf` reads it) and `parts` (the data is an answer
 * of any length, in as many datagrams as memcached makes of it).
 */
export function datagramsOf(
  line: string,
  from: 'client' | 'server',
  text: (part: string) => string,
): Datagram[] {
  const [, head = '', body = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
  const [id = '', ...words] = head.split(' ');
  const one = { from, id: Number(id), sequence: 0, total: 1, reserved: 0, clientPort: 50_000 };
  let data: Uint8Array | undefined;
  let parts = false;
  for (const word of words) {
    const [, sequence, total] = /^(\d+)\/(\d+)$/.exec(word) ?? [];
    const [, name, value] = /^(reserved|port)=(\d+)$/.exec(word) ?? [];
    if (sequence !== undefined) Object.assign(one, { sequence: Number(sequence), total: Number(total) });
    else if (name === 'reserved') one.reserved = Number(value);
    else if (name === 'port') one.clientPort = Number(value);
    else if (word === 'binary') data = messageOf(body, from, text);
    else if (word === 'parts') parts = true;
    else throw new Error(`no word of a datagram: ${word}`);
  }
  data ??= ascii(text(body));
  if (!parts) return [{ ...one, data }];
  const total = Math.ceil(data.length / PART);
  return Array.from({ length: total }, (_, sequence) => ({
    ...one,
    sequence,
    total,
    data: data.subarray(sequence * PART, (sequence + 1) * PART),
  }));
}

/** Frame and data of a datagram. */
export function payloadOf({ id, sequence, total, reserved, data }: Datagram): Uint8Array {
  return concat(
    [id, sequence, total, reserved].flatMap((n) => [n >> 8, n & 255]),
    data,
  );
}

/** The packets of datagrams 10 µs apart; a datagram's fragments have its time. */
export function datagramPackets(datagrams: readonly Datagram[], cut: UdpCut): Packet[] {
  const random = seeded(1);
  const packets: Packet[] = [];
  let answer: Packet[] = [];
  /** A datagram, or an answer of several, is put in the order of the cut as a whole. */
  const put = (pieces: Packet[]) => {
    if (cut === 'reversed') pieces.reverse();
    if (cut === 'twice') packets.push(...pieces.slice(0, -1));
    packets.push(...pieces);
  };
  datagrams.forEach((datagram, i) => {
    const asks = datagram.from === 'client';
    const [source, destination] = asks ? [datagram.clientPort, PORT] : [PORT, datagram.clientPort];
    const ip = { source: asks ? 2 : 1, destination: asks ? 1 : 2, protocol: 17 };
    const packet = {
      time: START + BigInt(i) * 10_000n,
      data: link('ethernet', ipv4(ip, udp(source, destination, payloadOf(datagram)))),
    };
    const size = cut === 'smallest' ? 8 : cut === 'whole' ? 65_528 : 8 * between(random, 1, 100);
    const pieces = fragments(packet, i + 1, size);
    answer.push(...pieces);
    const next = datagrams[i + 1];
    if (!asks && next?.id === datagram.id && next.sequence > datagram.sequence) return;
    put(answer);
    answer = [];
  });
  return packets;
}
