/**
 * The attack set, small, against pools that are small: whatever is bounded is counted by its name, every packet is
 * accounted for, and a connection beside the attack that its pools have room for is recorded whole.
 */
import test, { type ExecutionContext } from 'ava';
import { ATTACKS, type Attack, writeAttack } from '#bench/attack/attacks.js';
import { PAGE, regionAddress } from '#src/memory/map.js';
import { brokenPool, findPools } from '../fuzz/pools.js';
import { client, packetsOf, server, type Turn } from '../support/conversation.js';
import { type InProcessResult, REAL_SIZES, recordInProcess } from '../support/in-process.js';
import { type Packet, pcapFile } from '../support/packets.js';

/** Of all pools together: some thousand flows, some hundred early segments, lines and chunks of keys. */
const STATE = 1 << 20;
const FILE_HEADER = 24;
/** A port and an address no attack uses. */
const GOOD = { clientPort: 9999 };

/** Bytes of an attack's capture. */
function capture(attack: Attack, n = attack.small): { bytes: Buffer; packets: number } {
  const chunks: Uint8Array[] = [];
  const { packets } = writeAttack(attack, n, (chunk) => chunks.push(Buffer.from(chunk)));
  return { bytes: Buffer.concat(chunks), packets };
}

function accountFor({ counters }: InProcessResult): number {
  return Object.entries(counters)
    .filter(([name]) => /^(skipped|lost)_/.test(name))
    .reduce((sum, [, n]) => sum + n, counters.packets_decoded);
}

/** The memory is what was laid out, and what was taken of its pools is given back. */
function assertKept(t: ExecutionContext, { memory, map }: InProcessResult): void {
  t.is(memory.buffer.byteLength, map.pages * PAGE);
  const view = new DataView(memory.buffer);
  for (const pool of findPools(view, regionAddress(map, 0), map.region))
    t.is(brokenPool(view, pool), null, pool.name);
}

/** The good connection's packets, some before the attack, some behind. */
const TURNS: Turn[] = [
  client('set good 0 0 4\r\nwell\r\n'),
  server('STORED\r\n'),
  client('get good worse\r\n'),
  server('VALUE good 0 4\r\nwell\r\nEND\r\n'),
  client('mg good v\r\n'),
  server('VA 4\r\nwell\r\n'),
];
const EXPECTED = ['set stored', 'get hit', 'get miss', 'mg hit'];

/** Records of packets without the file's header. */
const records = (packets: readonly Packet[]) => pcapFile(packets).subarray(FILE_HEADER);

for (const attack of ATTACKS) {
  test(`${attack.name}: counted, and accounted for`, (t) => {
    const { bytes, packets } = capture(attack);
    const result = recordInProcess(bytes, { map: { state: STATE } });
    t.false(result.broken);
    t.is(result.counters.packets_seen, packets);
    t.is(accountFor(result), packets, 'seen = decoded + skipped + lost');
    t.is(result.counters.requests, result.counters.answered + result.counters.unanswered);
    assertKept(t, result);
    for (const name of attack.counters) t.true(result.counters[name] > 0, name);
    const named = new Set<string>(attack.counters);
    const others = Object.entries(result.counters).filter(([name, n]) => /^bound_/.test(name) && n > 0);
    t.deepEqual(
      others.map(([name]) => name).filter((name) => !named.has(name)),
      [],
      'no other bound',
    );
  });

  test(`${attack.name}: a good connection behind it is recorded whole`, (t) => {
    const good = packetsOf(TURNS, GOOD);
    const { bytes } = capture(attack);
    const { events } = recordInProcess(Buffer.concat([bytes, records(good)]), {
      map: REAL_SIZES,
      lateWriter: true,
    });
    const brief = events.filter(({ key_size }) => key_size === 4 || key_size === 5);
    t.deepEqual(
      brief
        .filter(({ op }) => ['set', 'get', 'mg'].includes(op))
        .map(({ op, status }) => `${op} ${status}`)
        .slice(-4),
      EXPECTED,
    );
  });
}
