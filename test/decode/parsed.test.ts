/** Segments of which the BPF program made message records: the events are those of whole packets. */
import test from 'ava';
import { CUTS, packetsOf, type TransportOptions, type Turn } from '../support/conversation.js';
import { ringRecord } from '../support/kernel.js';
import { loadConversations } from '../support/markdown.js';
import type { Packet } from '../support/packets.js';
import { parsedRecord } from '../support/parsed.js';
import { decodeRecords, type RingResult } from '../support/ring-decode.js';

const SECRET = new Uint8Array(16);

const whole = ({ data, time }: Packet) => ringRecord(data, time);

/** The records of packets as a program that parses makes them; while a bit is set it copies them. */
function parsed(packets: readonly Packet[]): { result: RingResult; records: number } {
  let records = 0;
  const made = packets.map((packet) => (uncut: number) => {
    const record = uncut ? undefined : parsedRecord(packet, SECRET);
    if (record) records++;
    return record ?? whole(packet);
  });
  return { result: decodeRecords(made, { parsed: true }), records };
}

function both(turns: readonly Turn[], options: TransportOptions = {}) {
  const packets = packetsOf(turns, options);
  return { copied: decodeRecords(packets.map(whole)), ...parsed(packets) };
}

for (const { file, title, turns, datagrams } of loadConversations()) {
  if (datagrams.length > 0) continue;
  test(`${file}: ${title}`, (t) => {
    for (const cut of CUTS) {
      const { copied, result } = both(turns, { cut });
      if (result.counters.parsed_gaps > 0) t.log(cut, result.counters.parsed_gaps, copied.counters.gaps);
      else t.deepEqual(result.events, copied.events, cut);
    }
  });
}
