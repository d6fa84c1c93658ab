/** What the receiver's TCP makes of odd segments, memcached's answers being the truth. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { client, packetsOf, START, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { ACK, ipv4, link, type Packet, PSH, pcapFile, SYN, tcp } from '../support/packets.js';

const brief = (
  events: { op: string; status: string; key_size: number | null; value_size: number | null }[],
) => events.map(({ op, key_size, value_size, status }) => [op, key_size, value_size, status]);

/** Records of a classic pcap file, as bytes. */
function recordsOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset);
  const records: Uint8Array[] = [];
  for (let at = 24; at < file.length; ) {
    const end = at + 16 + view.getUint32(at + 8, true);
    records.push(file.subarray(at, end));
    at = end;
  }
  return records;
}

test('an urgent byte is no part of the stream: a real memcached answered so', (t) => {
  const file = readFileSync('test/fixtures/urgent.pcap');
  const wanted = [
    ['set', 1, 3, 'stored'],
    ['get', 1, 3, 'hit'],
    ['get', 1, 3, 'hit'],
    ['set', 1, 4, 'stored'],
    ['get', 1, 4, 'hit'],
    ['quit', null, null, 'silent'],
  ];
  const ports = [[11711, 11711]] as const;
  const result = recordInProcess(file, { ports });
  t.deepEqual(brief(result.events), wanted);
  t.is(result.counters.gaps + result.counters.unsynced_bytes, 0);
  // Captured in another order it is the same stream.
  const records = recordsOf(file);
  for (let i = 3; i + 1 < records.length; i++) {
    const swapped = [...records];
    [swapped[i], swapped[i + 1]] = [swapped[i + 1]!, swapped[i]!];
    const other = recordInProcess(Buffer.concat([file.subarray(0, 24), ...swapped]), { ports });
    t.deepEqual(brief(other.events), wanted, `packets ${i} and ${i + 1} swapped`);
    t.is(other.counters.gaps, 0, `packets ${i} and ${i + 1} swapped`);
  }
});

const TURNS = [client('get a\r\n'), server('END\r\n'), client('get bb\r\n'), server('END\r\n')];
const WANTED = [
  ['get', 1, null, 'miss'],
  ['get', 2, null, 'miss'],
];

/** A client's segment beside the conversation, with a time right after packet `after`. */
function odd(packets: readonly Packet[], after: number, seq: number, flags: number, text: string): Packet[] {
  const segment = tcp({
    sourcePort: 40000,
    destinationPort: 11211,
    seq,
    ack: 900_001,
    flags,
    payload: Uint8Array.from(text, (c) => c.charCodeAt(0)),
  });
  const packet = {
    time: packets[after]!.time + 1000n,
    data: link('ethernet', ipv4({ source: 2, destination: 1 }, segment)),
  };
  return packets.toSpliced(after + 1, 0, packet);
}

test('a keep-alive, with no byte or with one of rubbish, changes nothing', (t) => {
  const packets = packetsOf(TURNS);
  for (const text of ['', 'Z', '\0']) {
    // The sequence number before what comes next: right after the handshake, and after the first request.
    for (const [after, seq] of [
      [2, 1000],
      [4, 1007],
    ] as const) {
      const { events, counters } = recordInProcess(pcapFile(odd(packets, after, seq, ACK, text)));
      t.deepEqual(brief(events), WANTED);
      t.is(counters.gaps, 0);
    }
  }
});

test('data on a SYN that is sent again later is used once', (t) => {
  const packets = packetsOf(TURNS);
  const first = tcp({
    sourcePort: 40000,
    destinationPort: 11211,
    seq: 1000,
    ack: 0,
    flags: SYN,
    payload: Uint8Array.from('get a\r\n', (c) => c.charCodeAt(0)),
  });
  const syn = { time: START, data: link('ethernet', ipv4({ source: 2, destination: 1 }, first)) };
  const { events, counters } = recordInProcess(pcapFile([syn, ...packets.slice(1)]));
  t.deepEqual(brief(events), WANTED);
  t.is(counters.gaps, 0);
});

test('a SYN, a RST and data far off in the middle of a connection change nothing', (t) => {
  const packets = packetsOf(TURNS);
  for (const [seq, flags, text] of [
    [5000, SYN, ''],
    [1500, 4, ''],
    [1008 + 0x70000000, ACK | PSH, 'get x\r\n'],
    [1008 - 0x70000000, ACK | PSH, 'get x\r\n'],
  ] as const) {
    const { events } = recordInProcess(pcapFile(odd(packets, 4, seq >>> 0, flags, text)));
    t.deepEqual(brief(events), WANTED, `sequence ${seq}, flags ${flags}`);
  }
});
