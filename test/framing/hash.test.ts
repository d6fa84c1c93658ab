import test from 'ava';
import { LIST_HEAD, SEGMENT } from '#src/layout/generated.js';
import { slotAddress } from '#src/memory/map.js';
import { client, START } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { concat, ipv6, link, PSH, pcapFile, tcp } from '../support/packets.js';

const FLOWS = 400;
const ACK = 16;

/** Addresses whose words cancel each other out where they are only xored into each other. */
function address(i: number): Uint8Array {
  const a = [0xfd, 0, i >> 8, i & 255];
  const b = [i & 255, 1, i >> 8, 2];
  return concat(a, b, b, a);
}

test('nobody can choose IPv6 addresses so that all their flows get one hash', (t) => {
  const packets = Array.from({ length: FLOWS }, (_, i) => {
    const segment = tcp({
      sourcePort: 40000,
      destinationPort: 11211,
      seq: 1,
      ack: 1,
      flags: PSH | ACK,
      payload: client('get a\r\n').bytes,
    });
    const packet = ipv6({ source: 2, destination: 1 }, segment);
    packet.set(address(i), 8);
    return { time: START + BigInt(i) * 1000n, data: link('ethernet', packet) };
  });
  const { counters, memory, map } = recordInProcess(pcapFile(packets));
  t.is(counters.flows, FLOWS);
  const list = new DataView(memory.buffer, slotAddress(map, 0) + map.listOffset);
  const hashes = Array.from({ length: list.getUint32(0, true) }, (_, i) =>
    list.getUint32(LIST_HEAD + i * SEGMENT.SIZE + SEGMENT.hash, true),
  );
  t.is(hashes.length, FLOWS);
  // As many as of numbers chosen at random, but for a few.
  t.true(new Set(hashes).size > FLOWS - 4);
});
