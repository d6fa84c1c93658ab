/** No block is larger than FORMAT.md allows, whatever it is made of. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { record } from 'membench';
import { openProfile } from 'membench/profile';
import { BLOCK_MAX } from '#src/layout/generated.js';
import { membench, temporary } from '../support/cli.js';
import { client, packetsOf, START, server } from '../support/conversation.js';
import { type Packet, pcapFile } from '../support/packets.js';

test('blocks full of connections stay as small as blocks of events', async (t) => {
  const folder = temporary(t);
  const source = join(folder, 'connections.pcap');
  // A connection record takes more room than most events, and all that are open close at the end.
  const packets: Packet[] = [];
  for (let i = 0; i < 60_000; i++) {
    const turns = [client(`set k${i} 4294967295 2592000 1\r\nx\r\n`), server('STORED\r\n')];
    const options = { fin: false, clientPort: 1024 + i, seed: i, start: START + BigInt(i) * 1000n };
    packets.push(...packetsOf(turns, options));
  }
  writeFileSync(source, pcapFile(packets));
  const profile = join(folder, 'connections.mbp');
  const summary = await record({ source, profile, workers: 1 });
  t.is(summary.requests, 60_000);
  t.is(membench(['verify', profile]).code, 0);
  using read = openProfile(profile);
  for (const { bytes } of read.blocks) t.true(bytes <= BLOCK_MAX, `${bytes}`);
});
