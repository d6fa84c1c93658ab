/** The account of payload bytes: every one seen ends in exactly one counter. */
import assert from 'node:assert/strict';

/** @throws AssertionError where bytes are nowhere, or counted twice */
export function checkPayload(counters: Readonly<Record<string, number>>): void {
  const sum = (pattern: RegExp) =>
    Object.entries(counters).reduce((total, [name, bytes]) => total + (pattern.test(name) ? bytes : 0), 0);
  assert.equal(
    sum(/^payload_(recorded|repeated|gap|unsynced_\w+|skipped_\w+)$/),
    counters.payload_seen ?? 0,
    JSON.stringify(Object.fromEntries(Object.entries(counters).filter(([name]) => /^payload_/.test(name)))),
  );
  assert.equal(sum(/^payload_unsynced_/), counters.unsynced_bytes ?? 0);
}

/** Payload bytes of a TCP segment or UDP datagram in a packet of `packets.ts` behind an Ethernet header; IPv4 only. */
export function payloadSize({ data }: { data: Uint8Array }): number {
  const ip = 14;
  const total = (data[ip + 2]! << 8) | data[ip + 3]!;
  const end = total === 0 ? data.length : ip + total;
  const transport = ip + (data[ip]! & 15) * 4;
  return end - transport - (data[ip + 9] === 17 ? 8 : (data[transport + 12]! >> 4) * 4);
}
