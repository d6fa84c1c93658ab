/** Limits end the record walk anywhere in a chunk: what is left of the chunk is not read, kept or counted. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { record } from 'membench';
import { openProfile, readEvents } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

/** Some MB, so that most limits leave more of a chunk than the carry area holds. */
const PACKETS: readonly Packet[] = interleave(
  ...Array.from({ length: 30 }, (_, i) =>
    packetsOf(randomConversation(i + 1, 800), { seed: i, clientPort: 45000 + i }),
  ),
);

const pcapng = () => {
  const section = new Section().interface();
  for (const packet of PACKETS) section.enhanced(0, packet.time / 1000n, packet);
  return section.bytes();
};

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);

async function check(t: ExecutionContext, file: Uint8Array): Promise<void> {
  const folder = temporary(t);
  const source = join(folder, 'traffic');
  writeFileSync(source, file);
  const run = async (name: string, limits: { count?: number; duration?: number; workers?: number }) => {
    const profile = join(folder, `${name}.mbp`);
    const summary = await record({ source, profile, workers: 2, ...limits });
    const { packets } = summary;
    t.is(packets.seen, packets.decoded + sum(packets.skipped) + sum(packets.lost), name);
    t.deepEqual(packets.lost, {}, name);
    t.deepEqual(packets.skipped, {}, name);
    using read = openProfile(profile);
    t.is([...readEvents(read)].length, summary.events, name);
    return summary;
  };
  const all = await run('all', {});
  t.is(all.packets.seen, PACKETS.length);
  const counts = [
    1,
    2,
    10,
    ...Array.from({ length: 6 }, (_, i) => Math.floor((PACKETS.length * (i + 1)) / 7.3)),
  ];
  for (const count of counts) {
    const { packets, ended } = await run(`count-${count}`, { count });
    t.is(packets.seen, count);
    t.is(ended, 'count');
  }
  const first = PACKETS[0]!.time;
  for (const at of [100, 1234, 5000, PACKETS.length >> 1]) {
    const duration = Number(PACKETS[at]!.time - first) / 1e9;
    const { packets, ended } = await run(`duration-${at}`, { duration });
    // Times are told in microseconds, and packets of one time all belong.
    const until = PACKETS[at]!.time / 1000n;
    t.is(packets.seen, PACKETS.findLastIndex(({ time }) => time / 1000n <= until) + 1);
    t.is(ended, 'duration');
  }
}

test('a limit ends a pcap file exactly there', (t) => check(t, pcapFile(PACKETS)));

test('a limit ends a pcapng file exactly there', (t) => check(t, pcapng()));
