/**
 * The BPF program and the parser walk the same headers twice, in C and in AssemblyScript: here both see the
 * same packets, the program by BPF_PROG_TEST_RUN, and must come to the same verdicts.
 */
import test from 'ava';
import type { Counter } from '#src/layout/generated.js';
import { recordInProcess } from '../support/in-process.js';
import { takeTurns, whyNotLive } from '../support/network.js';
import {
  ACK,
  concat,
  FIN,
  type Ip,
  ipv4,
  ipv6,
  link,
  PSH,
  pcapFile,
  RST,
  SYN,
  tcp,
  udp,
} from '../support/packets.js';
import { BUFFERS, loadProgram, perfOf } from '../support/program.js';
import { verifierSays } from '../support/verifier.js';

const reason = whyNotLive();
// Programs in the kernel are seen by all: other files count them.
test.before(takeTurns);
const live = reason === '' ? test : test.skip;

const IP: Ip = { source: 1, destination: 2 };
const bytes = (...values: number[]) => Uint8Array.from(values);
const segment = (flags: number, payload = '', port = 11211) =>
  tcp({
    sourcePort: 40000,
    destinationPort: port,
    seq: 1,
    ack: 1,
    flags,
    payload: new TextEncoder().encode(payload),
  });
const get = segment(PSH | ACK, 'get a\r\n');
const v4 = (payload = get, ip: Partial<Ip> = {}) => ipv4({ ...IP, ...ip }, payload);
const ethernet = (ip: Uint8Array, tags: readonly [number, number][] = []) => link('ethernet', ip, tags);
const extension = (size: number) => new Uint8Array(size * 8 - 1).fill(size - 1, 0, 1);
const fragment = (offset: number) => concat([0], [offset >> 8, offset & 255], [0, 0, 0, 1]);

type Verdict = 'submitted' | 'no_payload' | Counter;

const PACKETS: [name: string, frame: Uint8Array, verdict: Verdict][] = [
  ['a request over IPv4', ethernet(v4()), 'submitted'],
  [
    'an answer',
    ethernet(
      v4(tcp({ sourcePort: 11211, destinationPort: 4, seq: 1, ack: 1, flags: ACK, payload: bytes(1) })),
    ),
    'submitted',
  ],
  ['IPv4 with options', ethernet(v4(get, { options: new Uint8Array(8).fill(1) })), 'submitted'],
  [
    'TCP with options',
    ethernet(
      v4(
        tcp({
          sourcePort: 1,
          destinationPort: 11211,
          seq: 1,
          ack: 1,
          flags: ACK,
          options: new Uint8Array(12).fill(1),
          payload: bytes(1),
        }),
      ),
    ),
    'submitted',
  ],
  ['a VLAN tag', ethernet(v4(), [[0x8100, 5]]), 'submitted'],
  [
    'two VLAN tags',
    ethernet(v4(), [
      [0x88a8, 5],
      [0x8100, 6],
    ]),
    'submitted',
  ],
  ['five VLAN tags', ethernet(v4(), Array(5).fill([0x8100, 1])), 'submitted'],
  ['six VLAN tags', ethernet(v4(), Array(6).fill([0x8100, 1])), 'skipped_not_ip'],
  ['IPv6', ethernet(ipv6(IP, get)), 'submitted'],
  ['IPv6 behind a tag', ethernet(ipv6(IP, get), [[0x8100, 5]]), 'submitted'],
  [
    'IPv6 with extension headers',
    ethernet(
      ipv6(IP, get, [
        [0, extension(1)],
        [60, extension(2)],
        [43, extension(1)],
      ]),
    ),
    'submitted',
  ],
  [
    'IPv6 with an authentication header',
    ethernet(ipv6(IP, get, [[51, bytes(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]])),
    'submitted',
  ],
  ['an atomic fragment', ethernet(ipv6(IP, get, [[44, fragment(0)]])), 'submitted'],
  ['an IPv6 fragment', ethernet(ipv6(IP, get.subarray(0, 24), [[44, fragment(1)]])), 'skipped_fragment'],
  [
    'an IPv6 extension header cut',
    ethernet(ipv6(IP, new Uint8Array(0), [[0, extension(1)]])).subarray(0, 54),
    'skipped_cut_header',
  ],
  ['an IPv4 fragment', ethernet(v4(get.subarray(0, 24), { fragment: 0x2000 })), 'skipped_fragment'],
  ['a later IPv4 fragment', ethernet(v4(get, { fragment: 7 })), 'skipped_fragment'],
  ['a SYN', ethernet(v4(segment(SYN))), 'submitted'],
  ['a FIN', ethernet(v4(segment(FIN | ACK))), 'submitted'],
  ['a RST', ethernet(v4(segment(RST))), 'submitted'],
  ['a pure acknowledgement', ethernet(v4(segment(ACK))), 'no_payload'],
  ['a pure acknowledgement, padded', concat(ethernet(v4(segment(ACK))), new Uint8Array(6)), 'no_payload'],
  ['an IPv6 acknowledgement', ethernet(ipv6(IP, segment(ACK))), 'no_payload'],
  ['another port', ethernet(v4(segment(ACK, 'x', 80))), 'skipped_other_port'],
  ['UDP', ethernet(v4(udp(40000, 11211, bytes(0, 1, 0, 0, 0, 1, 0, 0, 10)), { protocol: 17 })), 'submitted'],
  ['UDP of another port', ethernet(v4(udp(40000, 53, bytes(1)), { protocol: 17 })), 'skipped_other_port'],
  ['ICMP', ethernet(v4(bytes(8, 0, 0, 0, 0, 0, 0, 0), { protocol: 1 })), 'skipped_other_protocol'],
  ['ARP', concat([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6], new Uint8Array(28)), 'skipped_not_ip'],
  ['an IP header too short for itself', ethernet(concat([0x44], v4().subarray(1))), 'skipped_malformed'],
  ['an IP version that is none', ethernet(concat([0x75], v4().subarray(1))), 'skipped_malformed'],
  [
    'a TCP header too short for itself',
    ethernet(v4(concat(get.subarray(0, 12), [0x40], get.subarray(13)))),
    'skipped_malformed',
  ],
  ['cut in the IP header', ethernet(v4()).subarray(0, 30), 'skipped_cut_header'],
  ['cut in the ports', ethernet(v4()).subarray(0, 36), 'skipped_cut_header'],
];

for (const buffer of BUFFERS)
  live(
    `${buffer}: the program and the parser see the same in the same packets${reason && ` (${reason})`}`,
    async (t) => {
      const program = await loadProgram({ perf: await perfOf(buffer) });
      t.teardown(() => program.close());
      for (const [name, frame, verdict] of PACKETS) {
        const expected = verdict === 'no_payload' ? 'skipped_no_payload' : verdict;
        const counted = program.run(frame);
        if (counted === null) t.log(`${name}: this kernel does not run the program on it`);
        else t.deepEqual(counted, [expected], `${name}: the program`);
        const { counters } = recordInProcess(pcapFile([{ time: 1_700_000_000_000_000_000n, data: frame }]));
        const said = Object.entries(counters)
          .filter(([counter, n]) => n > 0 && /^(packets_decoded|skipped_|lost_)/.test(counter))
          .map(([counter]) => counter);
        // What the program hands over the parser decodes, or leaves as UDP; empty segments cost it nothing.
        const parsed = verdict === 'submitted' || verdict === 'no_payload' ? ['packets_decoded'] : [verdict];
        t.is(said.length, 1, `${name}: ${said.join()}`);
        t.true((parsed as string[]).includes(said[0]!), `${name}: the parser says ${said[0]}`);
      }
    },
  );

live(
  `the program and the parser take the same sample of connections${reason && ` (${reason})`}`,
  async (t) => {
    const program = await loadProgram({ sample: 4 });
    t.teardown(() => program.close());
    let taken = 0;
    for (let port = 20000; port < 20400; port++) {
      const payload = Uint8Array.from('get a\r\n', (c) => c.charCodeAt(0));
      const segment = tcp({ sourcePort: port, destinationPort: 11211, seq: 1, ack: 1, flags: ACK, payload });
      const frame = ethernet(port % 2 ? v4(segment) : ipv6(IP, segment));
      const capture = pcapFile([{ time: 1_700_000_000_000_000_000n, data: frame }]);
      const { counters } = recordInProcess(capture, { sample: 4 });
      t.deepEqual(program.run(frame), [counters.skipped_sampled ? 'skipped_sampled' : 'submitted']);
      taken += counters.packets_decoded;
    }
    t.true(taken > 60 && taken < 140, `${taken} of 400`);
  },
);

live(`a worker is woken once in an interval${reason && ` (${reason})`}`, async (t) => {
  // Longer than the test, and shorter than two packets.
  for (const [wakeInterval, again] of [
    [60, false],
    [1e-9, true],
  ] as const) {
    const program = await loadProgram({ rings: 1, wakeInterval });
    t.teardown(() => program.close());
    t.false(program.woken());
    for (const expected of [true, again, again]) {
      t.deepEqual(program.run(ethernet(v4())), ['submitted']);
      t.is(program.woken(), expected, `${wakeInterval} s`);
    }
  }
});

const PROGRAMS = [
  ...['membench_l2', 'membench_l2_cut', 'membench_l2_parse'].map((name) => ['packets', name] as const),
  ...['membench_l2', 'membench_l2_cut'].map((name) => ['perf', name] as const),
  ...['membench_in', 'membench_out_cut'].map((name) => ['cgroup', name] as const),
];
for (const [object, program] of PROGRAMS) {
  live(
    `${object}, ${program}: what the verifier goes through, and the stack${reason && ` (${reason})`}`,
    async (t) => {
      const { instructions, stack } = await verifierSays(object, program);
      t.log(`${instructions} verified instructions, frames of ${stack.join(', ')} bytes`);
      t.true(instructions > 1000 && instructions < 100_000);
      // The kernel refuses chains of frames above 512 bytes in all.
      for (const frame of stack) t.true(frame <= 256);
    },
  );
}
