/** Attacks by datagrams: memcache over UDP, and IP fragments. */
import type { Attack } from './attacks.js';
import { ascii, SERVER_PORT } from './wire.js';

const GET = ascii('get a\r\n');
const END = ascii('END\r\n');

/** The UDP header and memcache header of a request, which begin the first fragment of a datagram. */
function head(size: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(20_000, 0);
  bytes.writeUInt16BE(SERVER_PORT, 2);
  bytes.writeUInt16BE(size, 4);
  bytes.writeUInt16BE(1, 12);
  return bytes;
}

export const DATAGRAM_ATTACKS: readonly Attack[] = [
  {
    name: 'requests over UDP, ever other ids, never an answer',
    full: 600_000,
    small: 4000,
    counters: ['bound_requests'],
    write(wire, n) {
      for (let i = 0; i < n; i++) wire.udp(i >> 15, true, [i & 0x7fff, 0, 1], GET);
    },
  },
  {
    name: 'requests over UDP of one id',
    full: 500_000,
    small: 4000,
    counters: [],
    write(wire, n) {
      for (let i = 0; i < n; i++) wire.udp(0, true, [7, 0, 1], GET);
    },
  },
  {
    name: 'requests over UDP of ever other clients',
    full: 500_000,
    small: 4000,
    counters: ['bound_flows'],
    write(wire, n) {
      for (let i = 0; i < n; i++) wire.udp(i, true, [7, 0, 1], GET);
    },
  },
  {
    name: 'requests over UDP of two datagrams',
    full: 500_000,
    small: 4000,
    counters: ['udp_refused'],
    write(wire, n) {
      for (let i = 0; i < n; i++) wire.udp(i, true, [i & 0xffff, i & 1, 2], GET);
    },
  },
  {
    name: 'answers over UDP to nobody',
    full: 500_000,
    small: 4000,
    counters: ['unmatched_answers'],
    write(wire, n) {
      for (let i = 0; i < n; i++) wire.udp(i, false, [i & 0xffff, 0, 1], END);
    },
  },
  {
    name: 'answers over UDP of 60,000 datagrams, backwards',
    full: 500_000,
    small: 4000,
    counters: ['bound_reorder'],
    write(wire, n) {
      wire.udp(0, true, [1, 0, 1], GET);
      for (let i = 0; i < n; i++) wire.udp(0, false, [1, 59_999 - (i % 60_000), 60_000], END);
    },
  },
  {
    name: 'first pieces of datagrams, never the rest',
    full: 500_000,
    small: 2000,
    counters: ['bound_fragments', 'skipped_fragment'],
    write(wire, n) {
      for (let i = 0; i < n; i++) {
        wire.fragment({ flow: i >> 16, id: i & 0xffff, offset: 0, more: true, data: head(100) });
      }
    },
  },
  {
    name: 'datagrams in pieces of 8 bytes',
    full: 5000,
    small: 20,
    counters: [],
    write(wire, n) {
      const size = 816;
      const bytes = Buffer.concat([head(size), GET, Buffer.alloc(size - 16 - GET.length)]);
      for (let i = 0; i < n; i++) {
        for (let offset = 0; offset < size; offset += 8) {
          const data = bytes.subarray(offset, offset + 8);
          wire.fragment({ flow: 0, id: i & 0xffff, offset, more: offset + 8 < size, data });
        }
      }
    },
  },
  {
    name: 'datagrams whose pieces overlap',
    full: 250_000,
    small: 500,
    counters: ['skipped_fragment'],
    write(wire, n) {
      for (let i = 0; i < n; i++) {
        wire.fragment({ flow: 0, id: i & 0xffff, offset: 0, more: true, data: head(100) });
        wire.fragment({ flow: 0, id: i & 0xffff, offset: 8, more: true, data: Buffer.alloc(16) });
      }
    },
  },
];
