import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { record } from 'membench';
import { openProfile, readEvents } from 'membench/profile';
import { encode, OPCODES } from '../support/binary.js';
import { randomBinaryConversation } from '../support/binary-model.js';
import { temporary } from '../support/cli.js';
import { Network, PORT, SERVER, takeTurns, whyNotLive } from '../support/network.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;

live(
  `binary traffic of a real memcached: the profile gives exactly its own stats${reason && ` (${reason})`}`,
  async (t) => {
    t.timeout(120_000);
    const folder = temporary(t);
    const network = new Network(t);
    const capture = join(folder, 'traffic.pcap');
    await network.memcached();
    const tcpdump = await network.capture(capture);
    const before = network.stats();
    network.client('memcaslap', '-B', '-s', `${SERVER}:${PORT}`, '-x', '20000', '-c', '16', '-T', '1');
    for (let seed = 1; seed <= 20; seed++) {
      const requests = randomBinaryConversation(seed, 500)
        .filter(({ from }) => from === 'client')
        .map(({ bytes }) => bytes);
      const file = join(folder, 'requests');
      writeFileSync(file, Buffer.concat([...requests, encode({ magic: 0x80, opcode: OPCODES.QUITQ! })]));
      const script = `exec 3<>/dev/tcp/${SERVER}/${PORT}; cat ${file} >&3 & cat <&3 >/dev/null`;
      network.client('bash', '-c', script);
    }
    const after = network.stats();
    t.regex(await tcpdump.stop(), /\n0 packets dropped by kernel/);

    const path = join(folder, 'out.mbp');
    const summary = await record({ source: capture, profile: path, workers: 2, ports: [[PORT, PORT]] });
    t.is(summary.gaps, 0);
    t.is(summary.unanswered, 0);
    t.is(summary.packets.seen, summary.packets.decoded);
    t.is(summary.counters.unmatched_answers, 0);
    t.is(summary.counters.unsynced_bytes, 0);

    using profile = openProfile(path);
    const events = [...readEvents(profile)].filter(({ proto }) => proto === 'binary');
    const count = (ops: string[], statuses?: string[]) =>
      events.filter(({ op, status }) => ops.includes(op) && (statuses?.includes(status) ?? true)).length;
    const stores = ['set', 'add', 'replace', 'append', 'prepend'];
    const found = {
      cmd_get: count(['get']),
      get_hits: count(['get'], ['hit']),
      get_misses: count(['get'], ['miss']),
      cmd_touch: count(['gat', 'touch']),
      touch_hits: count(['gat', 'touch'], ['hit', 'touched']),
      touch_misses: count(['gat', 'touch'], ['miss', 'not_found']),
      cmd_set: count(stores),
      delete_hits: count(['delete'], ['deleted', 'silent']),
      delete_misses: count(['delete'], ['not_found']),
      incr_hits: count(['incr'], ['value', 'silent']),
      incr_misses: count(['incr'], ['not_found']),
      decr_hits: count(['decr'], ['value', 'silent']),
      decr_misses: count(['decr'], ['not_found']),
      cas_badval: count(['set'], ['exists']),
      cas_misses: count(['set'], ['not_found']),
    };
    const told = Object.fromEntries(Object.keys(found).map((name) => [name, after[name]! - before[name]!]));
    t.deepEqual(found, told as typeof found);
    t.true(found.get_hits > 10_000 && found.touch_hits > 100 && found.delete_hits > 50);
    t.true(events.some(({ op, quiet, status }) => op === 'get' && quiet && status === 'miss'));
  },
);
