/** Captures of which little can be understood: each ends with one line that names the cause and what to do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { hintOf, silenceHint } from '#src/event/hint.js';
import { membench, temporary } from '../support/cli.js';
import { ascii, client, packetsOf, START, server, type Turn } from '../support/conversation.js';
import { ACK, ipv4, link, type Packet, pcapFile, tcp, udp } from '../support/packets.js';

const key = (i: number) => `key:of:some:length:${i}`.padEnd(60, 'x');
const TURNS: Turn[] = Array.from({ length: 20 }, (_, i) => [
  client(`get ${key(i)}\r\n`),
  server(`VALUE ${key(i)} 0 5\r\nvalue\r\nEND\r\n`),
]).flat();
const META: Turn[] = [
  client('mg foo v\r\n'),
  server('VA 3\r\nbar\r\n'),
  client('md foo\r\n'),
  server('HD\r\n'),
];
// A get of "foo", and the answer: protocol_binary.h.
const BINARY: Turn[] = [
  {
    from: 'client',
    bytes: Uint8Array.of(0x80, 0, 0, 3, ...new Array(7).fill(0), 3, ...new Array(12).fill(0), 102, 111, 111),
  },
  {
    from: 'server',
    bytes: Uint8Array.of(
      0x81,
      0,
      0,
      0,
      4,
      0,
      0,
      0,
      0,
      0,
      0,
      7,
      ...new Array(12).fill(0),
      0,
      0,
      0,
      0,
      98,
      97,
      114,
    ),
  },
];
const onPort = (serverPort: number, turns = TURNS, clientPort = 40_000) =>
  packetsOf(turns, { serverPort, clientPort });
const cutAt = (packets: readonly Packet[], size: number): Packet[] =>
  packets.map(({ time, data }) => ({ time, data: data.subarray(0, size), length: data.length }));
/** An Ethernet frame is 14 bytes, IPv4 20: the source port follows. */
const from = ({ data }: Packet) => (data[34]! << 8) | data[35]!;
const IP = { source: 2, destination: 1 };
const inUdp = (port: number, payload: Uint8Array) =>
  link('ethernet', ipv4({ ...IP, protocol: 17 }, udp(50_000, port, payload)));
/** A TLS record of a handshake with a hello (RFC 8446, sections 4 and 5.1), then of data. */
const TLS: Turn[] = [
  { from: 'client', bytes: Uint8Array.of(22, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3, ...new Array(54).fill(7)) },
  { from: 'server', bytes: Uint8Array.of(22, 3, 3, 0, 60, 2, 0, 0, 56, 3, 3, ...new Array(54).fill(9)) },
  { from: 'client', bytes: Uint8Array.of(23, 3, 3, 0, 40, ...new Array(40).fill(5)) },
];
/** Redis (RESP) on our port. */
const REDIS: Turn[] = Array.from({ length: 8 }, () => [
  client('*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n'),
  server('$3\r\nbar\r\n'),
]).flat();
const fixture = (name: string) => readFileSync(`test/fixtures/field/${name}`);

interface Row {
  capture: string;
  bytes: () => Uint8Array;
  options?: string[];
  /** Key words of the line. */
  says: RegExp;
}

const ROWS: Row[] = [
  { capture: 'empty', bytes: () => pcapFile([]), says: /no packet was captured: .*port 11211/ },
  {
    capture: 'text on another port',
    bytes: () => pcapFile(onPort(11311)),
    says: /memcached was seen on port 11311, but -p says 11211: membench record -p 11311$/,
  },
  {
    capture: 'meta on another port',
    bytes: () => pcapFile(onPort(12345, META)),
    says: /seen on port 12345, .* -p 12345$/,
  },
  {
    capture: 'binary on another port',
    bytes: () => pcapFile(onPort(22122, BINARY)),
    says: /seen on port 22122, .* -p 22122$/,
  },
  {
    capture: 'UDP on another port',
    bytes: () =>
      pcapFile(
        [1, 2, 3].map((i) => ({
          time: START,
          // The frame of protocol.txt, "UDP protocol": request, sequence, datagrams, reserved.
          data: inUdp(11411, Uint8Array.of(0, i, 0, 0, 0, 1, 0, 0, ...ascii('get a\r\n'))),
        })),
      ),
    says: /seen on port 11411, /,
  },
  {
    capture: 'most of it on two other ports, some on ours',
    bytes: () =>
      pcapFile([
        ...onPort(11212),
        ...onPort(11213, TURNS, 40_001),
        ...packetsOf([client('get a\r\n'), server('END\r\n')], { clientPort: 40_002 }),
      ]),
    says: /seen on ports 11212,11213, but -p says 11211: membench record -p 11211,11212,11213$/,
  },
  {
    capture: 'behind 10,000 packets of a web server',
    bytes: () =>
      pcapFile([
        ...packetsOf(
          Array.from({ length: 10_000 }, () => client('GET / HTTP/1.1\r\nHost: a\r\n\r\n')),
          { serverPort: 80 },
        ),
        ...onPort(11311, Array.from({ length: 20 }, () => TURNS).flat()),
      ]),
    says: /seen on port 11311, /,
  },
  {
    capture: 'no memcached anywhere',
    bytes: () =>
      pcapFile(
        packetsOf([client('GET / HTTP/1.1\r\n\r\n'), server('HTTP/1.1 200 OK\r\n\r\n')], { serverPort: 80 }),
      ),
    says: /none of 8 packets is of port 11211: -p names/,
  },
  {
    capture: 'only requests, from the handshake on',
    bytes: () => fixture('requests-only.pcap'),
    says: /only one direction .* requests are there, the answers are missing/,
  },
  {
    capture: 'only answers, from the handshake on',
    bytes: () => fixture('answers-only.pcap'),
    says: /only one direction .* answers are there, the requests are missing/,
  },
  {
    capture: 'only requests, in mid-stream',
    bytes: () =>
      pcapFile(
        onPort(11211)
          .slice(3)
          .filter((packet) => from(packet) !== 11211),
      ),
    says: /only one direction .* the answers are missing/,
  },
  {
    capture: 'only answers, in mid-stream',
    bytes: () =>
      pcapFile(
        onPort(11211)
          .slice(3)
          .filter((packet) => from(packet) === 11211),
      ),
    says: /only one direction .* the requests are missing/,
  },
  {
    capture: 'packets cut in their keys',
    bytes: () => pcapFile(cutAt(onPort(11211), 96)),
    says: /packets are cut at 96 bytes .*tcpdump -s 0/,
  },
  {
    capture: 'packets cut in their headers',
    bytes: () => pcapFile(cutAt(onPort(11211), 40)),
    says: /cut before their headers end \(at 40 bytes\): .*tcpdump -s 0/,
  },
  {
    capture: 'cut by our own option',
    bytes: () => pcapFile(onPort(11211)),
    options: ['-s', '80'],
    says: /packets are cut at 80 bytes .*membench record without -s/,
  },
  {
    capture: 'TLS',
    bytes: () => pcapFile(onPort(11211, TLS)),
    says: /under TLS .*capture where it is plain/,
  },
  {
    capture: 'joined in mid-stream, and no answer that proves anything',
    bytes: () =>
      pcapFile(onPort(11211, [client('get a\r\n'), client('get b\r\n'), server('ND\r\n')]).slice(3)),
    says: /100 % .*joined in mid-stream.* first seconds .*normal and not a loss.*record for longer/,
  },
  {
    capture: 'inside a tunnel',
    bytes: () =>
      pcapFile(
        onPort(11211).map(({ time, data }) => ({
          time,
          data: inUdp(4789, Uint8Array.of(8, 0, 0, 0, 0, 0, 5, 0, ...data)),
        })),
      ),
    says: /inside a tunnel .*vxlan 46\): capture on the interface inside it/,
  },
  {
    capture: 'holes',
    bytes: () => pcapFile(onPort(11211).filter((_, i) => i < 6 || i % 5 > 1)),
    says: /packets are missing from the capture: .*tcpdump -B 65536/,
  },
  {
    capture: 'another program',
    bytes: () => pcapFile(onPort(11211, REDIS)),
    says: /port 11211 was not understood: another program|joined in mid-stream/,
  },
  {
    capture: 'of two hosts, merged, whose clocks differ',
    bytes: () =>
      pcapFile(
        [
          ...onPort(11211),
          ...onPort(11211).map((packet) => ({ ...packet, time: packet.time + 135_000n })),
        ].sort((a, b) => Number(a.time - b.time)),
      ),
    says: /^membench: \d\d % of the latencies are not known: .* two points, .* record the capture of one host/,
  },
  {
    capture: 'idle connections',
    bytes: () =>
      pcapFile(
        [1, 2, 3].map((seq) => ({
          time: START,
          data: link(
            'ethernet',
            ipv4(IP, tcp({ sourcePort: 40_000, destinationPort: 11211, seq, ack: 1, flags: ACK })),
          ),
        })),
      ),
    says: /the 3 packets of port 11211 carry no payload/,
  },
];

for (const { capture, bytes, options = [], says } of ROWS) {
  test(`${capture}: record and analyze end with the cause`, (t) => {
    const folder = temporary(t);
    const [source, profile] = [join(folder, 'traffic.pcap'), join(folder, 'out.mbp')];
    writeFileSync(source, bytes());
    const { code, stdout, stderr } = membench(['record', '--json', ...options, source, profile]);
    t.is(code, 0, stderr);
    const last = stderr.trimEnd().split('\n').at(-1)!;
    t.regex(last, says);
    t.regex(last, /^membench: /);
    const { hint } = JSON.parse(stdout);
    t.is(`membench: ${hint}`, last);
    // Whoever wants quiet wants to hear that as well.
    t.is(membench(['record', '-q', '--force', ...options, source, profile]).stderr, `membench: ${hint}\n`);
    t.is(JSON.parse(membench(['analyze', '--json', profile]).stdout).hint, hint);
    t.is(membench(['analyze', profile]).stdout.trimEnd().split('\n').at(-1), hint);
    t.is(membench(['verify', profile]).code, 0);
  });
}

test('where it was understood nothing is said', (t) => {
  const folder = temporary(t);
  const [source, profile] = [join(folder, 'traffic.pcap'), join(folder, 'out.mbp')];
  const web = packetsOf([client('GET / HTTP/1.1\r\n\r\n')], { serverPort: 80, clientPort: 40_001 });
  const few = packetsOf(TURNS.slice(0, 4), { serverPort: 11311, clientPort: 40_002 });
  for (const packets of [onPort(11211), [...onPort(11211), ...web, ...few], onPort(11211).slice(7)]) {
    writeFileSync(source, pcapFile(packets));
    const { stdout } = membench(['record', '--json', '--force', source, profile]);
    t.is(JSON.parse(stdout).hint, null);
    t.is(membench(['record', '-q', '--force', source, profile]).stderr, '');
    t.is(JSON.parse(membench(['analyze', '--json', profile]).stdout).hint, null);
  }
});

test('what a single cause explains is told before what is a part of it', (t) => {
  const ports = [[11211, 11211]] as const;
  const seen = { packets_seen: 1000, packets_decoded: 900, payload_seen: 10_000, flows: 10 };
  t.regex(hintOf({ ...seen, elsewhere_11311: 500, skipped_vxlan: 3 }, ports)!, /11311/);
  t.regex(
    hintOf(
      { ...seen, requests: 50, payload_recorded: 1000, payload_gap: 5000, duplicates: 400, packets_cut: 800 },
      ports,
    )!,
    /captured at two points \(400 packets twice\)/,
  );
  // Copies that were told apart cost nothing.
  t.is(
    hintOf({ ...seen, requests: 50, payload_recorded: 5000, payload_repeated: 5000, duplicates: 400 }, ports),
    null,
  );
  t.regex(
    hintOf({ ...seen, lost_by_kernel: 40, payload_gap: 5000 }, ports)!,
    /40 packets dropped.*larger buffer/,
  );
  t.regex(hintOf({ packets_seen: 9, skipped_sampled: 9 }, ports)!, /--sample/);
  t.regex(hintOf({ packets_seen: 9, skipped_linktype: 9 }, ports)!, /link that is not known/);
});

test('a live recording that sees nothing asks for port and interface', (t) => {
  t.is(
    silenceHint([
      [11211, 11211],
      [11300, 11310],
    ]),
    'no request for 10 s: is the server on ports 11211,11300-11310 (-p), and does its traffic pass this interface (any is all of them)?',
  );
});
