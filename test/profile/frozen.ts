/** The captures the frozen profiles of test/fixtures were recorded from, and what is known of them. */
import { client, packetsOf, START, server } from '../support/conversation.js';
import { type InProcessOptions, recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';

/** The secret of both: 00 01 … 0f. */
export const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
/** Their run: f0 f1 … ff. */
export const RUN = KEY.map((byte) => 0xf0 + byte);
const HEADER = { run: RUN, created_ns: START, tool: 'membench 0.1.0', key_id: RUN.subarray(8) };

/** The smallest that shows every part of a profile: FORMAT.md, "A profile, byte by byte". */
export const EXAMPLE = packetsOf([
  client('set foo 5 60 3\r\nbar\r\n'),
  server('STORED\r\n'),
  client('get foo nope\r\n'),
  server('VALUE foo 5 3\r\nbar\r\nEND\r\n'),
]);

/** Two connections; each packet 10 µs after the one before, the second connection 5 µs later. */
const FIRST = packetsOf(
  [
    client('set foo 5 60 3\r\nbar\r\n'),
    server('STORED\r\n'),
    client('get foo nope\r\n'),
    server('VALUE foo 5 3\r\nbar\r\nEND\r\n'),
    client('gets foo\r\n'),
    server('VALUE foo 5 3 7\r\nbar\r\nEND\r\n'),
    client('cas foo 0 0 1 6\r\nx\r\n'),
    server('EXISTS\r\n'),
    client('incr n 2\r\n'),
    server('12\r\n'),
    client('touch foo 0\r\n'),
    server('TOUCHED\r\n'),
    client('delete foo noreply\r\nversion\r\n'),
    server('VERSION 1.6.18\r\n'),
  ],
  { clientPort: 40001 },
);
const SECOND = packetsOf(
  [
    client('ms bin 2 T30 F9\r\nab\r\n'),
    server('HD\r\n'),
    client('mg bin v t f O123 k\r\n'),
    server('VA 2 t29 f9 O123 kbin\r\nab\r\n'),
    client('mg none v q\r\nget gone\r\n'),
    server('END\r\n'),
    client('ma cnt N60 J10 D3 v\r\n'),
    server('VA 2\r\n10\r\n'),
    client('md bin I T10\r\n'),
    server('HD\r\n'),
    client('get lost\r\n'),
  ],
  { clientPort: 40002, start: START + 5_000n },
);
export const PACKETS = [...FIRST, ...SECOND].sort((a, b) => Number(a.time - b.time));

const record = (packets: typeof PACKETS, options: InProcessOptions) => {
  const footer = { elapsed_ns: 1_000_000n, first_ns: packets[0]!.time, last_ns: packets.at(-1)!.time };
  return recordInProcess(pcapFile(packets), { key: KEY, header: HEADER, footer, ...options });
};

/** Records a profile such as is frozen; a later release may write other bytes. */
export const recordExample = () => record(EXAMPLE, {});
export const recordFrozen = () =>
  record(PACKETS, {
    workers: 2,
    map: { blockEvents: 4 },
    losses: [{ worker: 1, reason: 'worker_failed', packets: 3 }],
    notes: [{ what: 'worker replaced', atNs: START + 1_000_000n }],
  });
