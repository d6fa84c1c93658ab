/**
 * What the BPF program leaves out of packets, compared with a simulation of it (test/support/holes.ts); the values
 * it leaves out never reach the memory it shares.
 */
import test from 'ava';
import { holesOf } from '../support/holes.js';
import { takeTurns, whyNotLive } from '../support/network.js';
import { ACK, FIN, ipv4, ipv6, link, PSH, tcp, URG } from '../support/packets.js';
import { BUFFERS, loadProgram, type Program, perfOf } from '../support/program.js';
import { between, seeded } from '../support/random.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const titled = (title: string) => `${title}${reason && ` (${reason})`}`;

const latin = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const V = (size: number) => 'v'.repeat(size);
/** Most bytes of a payload: BPF_PROG_TEST_RUN takes packets of less than a page. */
const PAYLOAD_MAX = 3300;

const segment = (payload: Uint8Array, flags = PSH | ACK, options = new Uint8Array(12).fill(1)) =>
  tcp({ sourcePort: 11211, destinationPort: 40000, seq: 1, ack: 1, flags, payload, options });
const IP = { source: 1, destination: 2 };
const frameOf = (payload: Uint8Array) => link('ethernet', ipv4(IP, segment(payload)));

/** The record of one packet. */
function taken(program: Program, frame: Uint8Array) {
  program.run(frame);
  const [record, ...more] = program.take();
  if (record === undefined || more.length > 0) throw new Error('not one record');
  return record;
}

const LINES = [
  ...['set', 'add', 'replace', 'append', 'prepend'].map((op) => `${op} key 0 0 1500`),
  'set key 4294967295 -1 1500 noreply',
  'cas key 0 0 1500 1234567890123456789',
  'cas key 0 0 1500 12 noreply',
  'VALUE key 0 1500',
  'VALUE key 12 1500 1234567890123456789',
  `VALUE ${'k'.repeat(250)} 12 1500`,
  'VA 1500',
  'VA 1500 f0 c12345 s1500 kkey',
  'ms key 1500',
  'ms a2V5 1500 b T0 F1 MS I q O123456',
  'set k\x01\xff\ty 0 0 1500',
  'VA 1500 kk\x01y f0',
  // Not these.
  'set key 0 0 1024',
  'set key 0 0 -1',
  'set key 0 0 +1500',
  'set key 0 0 015000000000',
  'set key 0 x 1500',
  'set  key 0 0 1500',
  ' set key 0 0 1500',
  'set key 0 0 1500 a b',
  'set key 0 0 1500 ',
  'cas key 0 0 1500',
  'cas key 0 0 1500 1 2 3',
  `set ${'k'.repeat(251)} 0 0 1500`,
  'set k\ny 0 0 1500',
  'get key',
  'VALUE key 0',
  'VA',
  'VA 1500x',
  'ms key S1500',
  'lvalue key 0 1500',
];

for (const [family, wrap] of [
  ['IPv4', (payload: Uint8Array) => frameOf(payload)],
  ['IPv6', (payload: Uint8Array) => link('ethernet', ipv6(IP, segment(payload)))],
  ['a VLAN', (payload: Uint8Array) => link('ethernet', ipv4(IP, segment(payload)), [[0x8100, 5]])],
] as const) {
  live(titled(`${family}: values are left out after the lines that announce them`), async (t) => {
    const program = await loadProgram({ skipValues: true });
    t.teardown(() => program.close());
    for (const line of LINES) {
      const payload = latin(`${line}\r\n${V(1500)}\r\nEND\r\n`);
      const { holes } = taken(program, wrap(payload));
      t.deepEqual(holes, holesOf(payload), line);
    }
  });
}

for (const buffer of BUFFERS)
  live(titled(`${buffer}: a packet without its values has all its other bytes`), async (t) => {
    const program = await loadProgram({ skipValues: true, perf: await perfOf(buffer) });
    t.teardown(() => program.close());
    const payload = latin(
      `VALUE a 0 1100\r\n${V(1100)}\r\nVALUE b 0 1200\r\n${V(1200)}\r\nVALUE c 0 4\r\nabcd\r\nEND\r\n`,
    );
    const frame = frameOf(payload);
    const { holes, bytes } = taken(program, frame);
    t.deepEqual(holes, [
      { offset: 16, size: 1100 },
      { offset: 1134, size: 1200 },
    ]);
    const kept = latin('VALUE a 0 1100\r\n\r\nVALUE b 0 1200\r\n\r\nVALUE c 0 4\r\nabcd\r\nEND\r\n');
    t.deepEqual(bytes.subarray(0, 52), frame.subarray(14, 66));
    t.deepEqual(bytes.subarray(52), kept);
  });

live(titled('what is not certain is copied whole'), async (t) => {
  const program = await loadProgram({ skipValues: true });
  t.teardown(() => program.close());
  const good = latin(`VALUE a 0 1500\r\n${V(1500)}\r\nEND\r\n`);
  t.is(taken(program, frameOf(good)).holes.length, 1);
  const whole: [name: string, frame: Uint8Array][] = [
    ['a FIN', link('ethernet', ipv4(IP, segment(good, ACK | FIN)))],
    ['an urgent byte', link('ethernet', ipv4(IP, segment(good, ACK | URG)))],
    ['bytes after the packet', Uint8Array.from([...frameOf(good), ...new Uint8Array(6)])],
    ['a value without its end', frameOf(latin(`VALUE a 0 1499\r\n${V(1500)}\r\nEND\r\n`))],
    ['a line that is cut', frameOf(latin(`UE a 0 1500\r\n${V(1500)}\r\nEND\r\n`))],
    ['UDP', link('ethernet', ipv4({ ...IP, protocol: 17 }, segment(good)))],
  ];
  for (const [name, frame] of whole) {
    const { holes, bytes } = taken(program, frame);
    t.deepEqual(holes, [], name);
    t.deepEqual(bytes, frame.subarray(14), name);
  }
  program.uncut(true);
  t.is(taken(program, frameOf(good)).holes.length, 0, 'the parser asked for whole packets');
  program.uncut(false);
  t.is(taken(program, frameOf(good)).holes.length, 1);
});

function binaryMessage(random: () => number, value: string): string {
  const bytes = Buffer.alloc(24);
  bytes[0] = random() < 0.5 ? 0x80 : 0x81;
  bytes[1] = [0, 1, 2, 3, 9, 0x0c, 0x0d, 0x0e, 0x11, 0x19, 0x1d, 0x24, 4, 5, 0x10, 0xff][
    between(random, 0, 15)
  ]!;
  const extras = [0, 4, 8, 20][between(random, 0, 3)]!;
  const key = [0, 1, 3, 250, 251][between(random, 0, 4)]!;
  bytes.writeUInt16BE(key, 2);
  bytes[4] = extras;
  if (random() < 0.1) bytes[5 + between(random, 0, 2)] = 1;
  bytes.writeUInt32BE(extras + key + value.length, 8);
  return bytes.toString('latin1') + 'e'.repeat(extras) + 'k'.repeat(key) + value;
}

live(titled('random segments: the program and its simulation agree'), async (t) => {
  const program = await loadProgram({ skipValues: true });
  t.teardown(() => program.close());
  const random = seeded(Number(process.env.MEMBENCH_SEED ?? 7));
  const pick = <T>(list: readonly T[]) => list[between(random, 0, list.length - 1)]!;
  let left = 0;
  for (let i = 0; i < 4000; i++) {
    let text = '';
    while (text.length < PAYLOAD_MAX && random() < 0.8) {
      const size = pick([0, 3, 400, 1023, 1024, 1025, 1026, 1100, 1400]);
      const kind = between(random, 0, 9);
      if (kind < 2) text += binaryMessage(random, V(size));
      else if (kind < 4) text += pick(['END\r\n', 'get key\r\n', 'STORED\r\n', '\r\n', 'EN']);
      else text += `${pick(LINES).replace('1500', String(size))}\r\n${V(size)}\r\n${pick(['', 'END\r\n'])}`;
      if (random() < 0.1) text = text.slice(0, -between(random, 1, 4));
    }
    const payload = latin(text.slice(0, between(random, 1, PAYLOAD_MAX)) || 'x');
    const { holes, bytes } = taken(program, frameOf(payload));
    t.deepEqual(holes, holesOf(payload), JSON.stringify(text));
    const size = holes.reduce((sum, hole) => sum + hole.size, 0);
    t.is(bytes.length, 52 + payload.length - size);
    left += holes.length;
  }
  t.true(left > 200, `${left} values left out`);
});

for (const buffer of BUFFERS)
  live(
    titled(`${buffer}: canaries in values that are left out are nowhere in the memory of the rings`),
    async (t) => {
      const program = await loadProgram({ skipValues: true, perf: await perfOf(buffer) });
      t.teardown(() => program.close());
      const canary = 'CANARY-9f3a';
      const value = canary.repeat(100);
      for (const line of LINES.filter((_, i) => i < 17).map((text) => text.replace('1500', '1100'))) {
        program.run(frameOf(latin(`${line}\r\n${value}\r\n${line}\r\n${value}\r\nEND\r\n`)));
      }
      for (const memory of program.memory()) t.false(Buffer.from(memory).includes(canary));
      // A search that finds nothing proves nothing unless it can find something.
      program.run(frameOf(latin(`${value}\r\n`)));
      t.true(program.memory().some((memory) => Buffer.from(memory).includes(canary)));
    },
  );

/** Instructions that the verifier may go through. */
const LIMITS = { copy: 5_000, skip: 15_000 };

live(titled('the verifier is done soon'), async (t) => {
  for (const how of ['copy', 'skip'] as const) {
    for (const kind of [...BUFFERS, 'cgroup'] as const) {
      const skipValues = how === 'skip';
      const where = kind === 'cgroup' ? { cgroup: true } : { perf: await perfOf(kind) };
      const program = await loadProgram({ skipValues, ...where });
      t.teardown(() => program.close());
      t.log(`${how}, ${kind}: ${program.verified.join(' and ')} instructions`);
      for (const n of program.verified) t.true(n <= LIMITS[how], `${how}, ${kind}: ${n}`);
    }
  }
});
