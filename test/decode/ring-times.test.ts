/** Times of the records of a BPF ring: the stamps of local senders may lie in the future. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { createCore } from '#src/decode/core.js';
import { usesSimd } from '#src/decode/simd.js';
import { EVENT_RECORD } from '#src/layout/generated.js';
import { NO_CAPTURE } from '#src/memory/capture-header.js';
import { beginCapture, captureStart, configureWorker, setPorts, setWalk } from '#src/memory/configure.js';
import { mapMemory, regionAddress, slotAddress } from '#src/memory/map.js';
import { packetsOf } from '../support/conversation.js';
import { ringRecord } from '../support/kernel.js';

const MS = 1_000_000n;
const NOW = 5_000n * MS;
const encoder = new TextEncoder();

/** Time and latency of the one request of a conversation whose packets are in the ring at these times. */
function decode(
  times: (index: number, count: number) => bigint,
  /** How much later the SYN was captured once more. */
  copyLag?: bigint,
): { time: bigint; latency: bigint } {
  const map = mapMemory({ workers: 1, slots: 1, slotSize: 65536, state: 1 << 20, blockEvents: 8 });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  setPorts(buffer, map, [[11211, 11211]]);
  setWalk(buffer, map, { unit: 1 });
  beginCapture(buffer, map, captureStart({ ...NO_CAPTURE, linktype: 1 }, 0, 1));
  const keys = { key: new Uint8Array(16), addressKey: new Uint8Array(16), hashSeed: 1n, eventsOut: true };
  const view = new DataView(buffer);
  const event = regionAddress(map, 0) + map.region.events.at;
  let count = 0;
  const module = new WebAssembly.Module(
    readFileSync(`dist/wasm/${usesSimd() ? 'pipeline' : 'pipeline-scalar'}.wasm`),
  );
  const core = createCore(module, memory, {
    onBlock() {},
    onEvents(events) {
      count += events;
    },
  });
  core.init(configureWorker(buffer, map, 0, keys));
  const packets = packetsOf([
    { from: 'client', bytes: encoder.encode('get a\r\n') },
    { from: 'server', bytes: encoder.encode('END\r\n') },
  ]);
  const at = slotAddress(map, 0) + map.chunkOffset;
  let size = 0;
  const write = (data: Uint8Array, time: bigint) => {
    const bytes = ringRecord(data, time);
    new Uint8Array(buffer, at + size).set(bytes);
    size += bytes.length;
  };
  packets.forEach(({ data }, i) => {
    write(data, times(i, packets.length));
    if (i === 0 && copyLag !== undefined) write(data, times(i, packets.length) + copyLag);
  });
  core.decodeRing(at, size, size, NOW);
  core.finish();
  if (count !== 1) throw new Error(`${count} events`);
  return {
    time: view.getBigUint64(event + EVENT_RECORD.time, true),
    latency: view.getBigUint64(event + EVENT_RECORD.latency, true),
  };
}

// The handshake has three packets; the request is the fourth, its answer the fifth.
const REQUEST = 3;
const ANSWER = 4;
/** A packet a millisecond, the first at 4 s. */
const usual = (index: number) => 4_000n * MS + BigInt(index) * MS;

test('times that are likely are kept, also one a little before what was captured earlier', (t) => {
  t.deepEqual(decode(usual), { time: usual(REQUEST), latency: MS });
  const early = usual(REQUEST - 1) - 900_000n;
  t.deepEqual(
    decode((i) => (i === REQUEST ? early : usual(i))),
    { time: early, latency: usual(ANSWER) - early },
  );
});

test('nothing was sent after it was in the ring', (t) => {
  t.deepEqual(
    decode((i) => (i === ANSWER ? NOW + 60_000n * MS : usual(i))),
    { time: usual(REQUEST), latency: NOW - usual(REQUEST) },
  );
});

test('a time from the future is of its packet alone', (t) => {
  t.deepEqual(
    decode((i) => (i < REQUEST ? NOW + 60_000n * MS : usual(i))),
    { time: usual(REQUEST), latency: MS },
  );
});

test('a connection that crosses two interfaces has latencies: a host has one clock', (t) => {
  t.deepEqual(decode(usual, MS / 2n), { time: usual(REQUEST), latency: MS });
});
