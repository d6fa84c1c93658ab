/** Connections seen under two addresses by sources with several workers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openProfile } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { client, packetsOf, START, server } from '../support/conversation.js';
import { Network, PORT, takeTurns, until, whyNotLive } from '../support/network.js';
import { LINKTYPES, type Packet, pcapFile } from '../support/packets.js';
import { unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = (title: string) => `${title}${reason && ` (${reason})`}`;
const serial = reason === '' ? test.serial : test.serial.skip;

/** Sends packets of raw IP by a device of its own while membench records. */
async function recordTun(network: Network, packets: readonly Packet[], folder: string, ...args: string[]) {
  const capture = join(folder, 'raw.pcap');
  writeFileSync(capture, pcapFile(packets, { linktype: LINKTYPES.raw }));
  const tun = network.start(process.execPath, 'build/test/support/tun.js', 'tun7', capture);
  let said = '';
  tun.stdout!.on('data', (data) => {
    said += data;
  });
  await until(() => said.includes('ready'));
  network.server('ip', 'link', 'set', 'tun7', 'up');
  const recording = network.record(...args);
  await recording.running();
  tun.stdin!.write('go\n');
  await until(() => said.includes('written'));
  return recording.stop();
}

/** Where raw IPv4 and TCP have things. */
const [ADDRESSES, SOURCE_PORT] = [12, 20];

/** What the packets are behind a translation of the server's address. */
function translated(packets: readonly Packet[], address: number): Packet[] {
  return packets.map(({ time, data }) => {
    const copy = data.slice();
    const fromServer = new DataView(copy.buffer).getUint16(SOURCE_PORT) === PORT;
    copy[ADDRESSES + (fromServer ? 3 : 7)] = address;
    return { time: time + 1000n, data: copy };
  });
}

for (const source of ['afpacket:any', 'afpacket:tun7', 'ebpf:tun7']) {
  serial(live(`${source}: several workers count a translated connection once, and share them`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    const folder = temporary(t);
    const flows = 200;
    const packets = Array.from({ length: flows }, (_, i) => {
      const turns = [
        client('set a 0 0 2\r\nxy\r\n'),
        server('STORED\r\n'),
        client('get a b\r\n'),
        server('VALUE a 0 2\r\nxy\r\nEND\r\n'),
      ];
      const start = START + BigInt(i) * 1_000_000n;
      const once = packetsOf(turns, { link: 'raw', serverPort: PORT, clientPort: 40_000 + 2 * i, start });
      const copies = translated(once, 7);
      return once.flatMap((packet, n) => [packet, copies[n]!]);
    }).flat();
    const profile = join(folder, 'out.mbp');
    const summary = await recordTun(network, packets, folder, '--workers', '3', source, profile);
    t.is(unaccounted(summary), 0);
    t.is(summary.requests, 2 * flows);
    t.is(summary.events, 3 * flows);
    t.is(summary.counters.flows, flows);
    t.is(summary.counters.duplicates, 4 * flows);
    const shares = new Map<number, number>();
    for (const { worker, counts } of openProfile(profile).readBlocks())
      shares.set(worker, (shares.get(worker) ?? 0) + (counts.requests ?? 0));
    t.is(shares.size, 3);
    for (const [worker, requests] of shares)
      t.true(requests > (2 * flows) / 3 / 2, `${requests} of worker ${worker}`);
  });
}
