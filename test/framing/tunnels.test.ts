import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { membench, temporary } from '../support/cli.js';
import { ascii, START } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { ACK, concat, ipv4, ipv6, link, pcapFile, tcp, udp } from '../support/packets.js';

const IP = { source: 2, destination: 1 };
const INNER = ipv4(
  IP,
  tcp({ sourcePort: 40000, destinationPort: 11211, seq: 1, ack: 1, flags: ACK, payload: ascii('get a\r\n') }),
);
/** The flag that a network identifier is there, and one (RFC 7348). */
const VXLAN = concat([8, 0, 0, 0, 0, 0, 5, 0], link('ethernet', INNER));

const TUNNELS: [counter: string, packet: Uint8Array][] = [
  ['skipped_vxlan', ipv4({ ...IP, protocol: 17 }, udp(50000, 4789, VXLAN))],
  ['skipped_vxlan', ipv6({ ...IP, protocol: 17 }, udp(50000, 8472, VXLAN))],
  [
    'skipped_geneve',
    ipv4({ ...IP, protocol: 17 }, udp(50000, 6081, concat([0, 0, 101, 88, 0, 0, 5, 0], INNER))),
  ],
  ['skipped_gre', ipv4({ ...IP, protocol: 47 }, concat([0, 0, 8, 0], INNER))],
  ['skipped_ipip', ipv4({ ...IP, protocol: 4 }, INNER)],
  ['skipped_ipip', ipv6({ ...IP, protocol: 41 }, INNER)],
  ['skipped_esp', ipv4({ ...IP, protocol: 50 }, new Uint8Array(40))],
];

test('packets in tunnels are counted by name, and not looked into', (t) => {
  for (const [counter, packet] of TUNNELS) {
    const { counters, events } = recordInProcess(pcapFile([{ time: START, data: link('ethernet', packet) }]));
    t.like(counters, { packets_seen: 1, packets_decoded: 0, [counter]: 1 }, counter);
    t.is(events.length, 0);
  }
});

test('the summary says where to capture instead', (t) => {
  const folder = temporary(t);
  const source = join(folder, 'tunnel.pcap');
  writeFileSync(
    source,
    pcapFile(TUNNELS.map(([, packet]) => ({ time: START, data: link('ethernet', packet) }))),
  );
  const { stderr } = membench(['record', source, join(folder, 'out.mbp')]);
  t.regex(
    stderr,
    /inside a tunnel were not looked at \(vxlan 2, geneve 1, gre 1, ipip 2, esp 1\): capture on/,
  );
});
