/**
 * `record --kernel-parse` beside a recording of whole packets of the same traffic: the same events, and as many
 * requests as memcached counts.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, PORT, type Recording, SERVER, takeTurns, whyNotLive } from '../support/network.js';
import { canariesIn, eventsOf } from '../support/recorded.js';
import { unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const titled = (title: string) => `${title}${reason && ` (${reason})`}`;

const CLIENT = 'build/test/live/values-client.js';
const KEY = '00112233445566778899aabbccddeeff\n';

/** Sends each request in a segment of its own, after the answer to the last. */
const TALK = `const [host, port, ...requests] = process.argv.slice(1);
const socket = require('node:net').connect(port, host);
socket.on('data', () => (requests.length ? socket.write(requests.shift()) : socket.destroy()));
socket.write(requests.shift());`;

interface Pair {
  paths: [parsed: string, copied: string];
  recordings: [parsed: Recording, copied: Recording];
}

/** Starts two recordings at once, one that parses in the kernel and one of whole packets. */
async function recordTwice(t: ExecutionContext, network: Network, options: string[]): Promise<Pair> {
  const folder = temporary(t);
  const key = join(folder, 'key');
  writeFileSync(key, KEY, { mode: 0o600 });
  const start = (name: string, ...how: string[]) => {
    const path = join(folder, `${name}.mbp`);
    return { path, recording: network.record(...options, '--key-file', key, ...how, `ebpf:${DEVICE}`, path) };
  };
  const parsed = start('parsed', '--kernel-parse');
  const copied = start('copied', '--ebpf-values', 'copy');
  for (const { recording } of [parsed, copied]) await recording.running();
  return { paths: [parsed.path, copied.path], recordings: [parsed.recording, copied.recording] };
}

/** Checks that both recordings were complete, and the same. Returns the counters of that which parses. */
async function same(t: ExecutionContext, { paths, recordings }: Pair): Promise<Record<string, number>> {
  const summaries = await Promise.all(recordings.map((recording) => recording.stop()));
  for (const summary of summaries) {
    t.is(unaccounted(summary), 0);
    t.like(summary, { gaps: 0, unanswered: 0 });
    t.deepEqual(summary.packets.lost, {});
  }
  const [parsed, copied] = summaries;
  t.deepEqual(eventsOf(paths[0]), eventsOf(paths[1]));
  t.is(parsed!.payload.recorded, copied!.payload.recorded);
  t.is(parsed!.counters.parsed_gaps, 0);
  t.is(copied!.counters.parsed_segments, 0);
  return parsed!.counters;
}

for (const options of [
  ['--workers', '2'],
  ['--workers', '2', '--no-zero-copy'],
]) {
  const how = options.includes('--no-zero-copy') ? 'copied' : 'in place';

  live(titled(`all protocols and sizes, ${how}: the same events as of whole packets`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached('-I', '2m');
    const pair = await recordTwice(t, network, options);
    network.client(process.execPath, CLIENT, SERVER, String(PORT), 'talk');
    const { parsed_segments } = await same(t, pair);
    t.true(parsed_segments! > 80, `${parsed_segments} segments`);
  });
}

live(
  titled('memcaslap: the same events, nearly all from message records, and as many as memcached counts'),
  async (t) => {
    t.timeout(120_000);
    const network = new Network(t);
    await network.memcached();
    const pair = await recordTwice(t, network, ['--workers', '2']);
    const before = network.stats();
    network.load(20_000);
    const after = network.stats();
    const counters = await same(t, pair);
    const delta = (name: string) => after[name]! - before[name]!;
    t.is(counters.hits, delta('get_hits'));
    t.is(counters.misses, delta('get_misses'));
    // And two connections that asked for the statistics.
    t.is(counters.requests, delta('cmd_get') + delta('cmd_set') + 4);
    const share = counters.parsed_segments! / counters.packets_decoded!;
    t.true(share > 0.99, `${share} of the segments`);
  },
);

live(titled('keys of parsed lines are never in the memory of the rings'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const canary = 'CANARY-77ab';
  const folder = temporary(t);
  const found: number[] = [];
  for (const how of [['--kernel-parse'], []]) {
    const recording = network.record(...how, `ebpf:${DEVICE}`, join(folder, `${found.length}.mbp`));
    await recording.running();
    const requests = [`set ${canary}1 0 0 11\r\n${canary}\r\n`, `get ${canary}1 ${canary}2\r\n`];
    network.client(process.execPath, '-e', TALK, SERVER, String(PORT), ...requests);
    found.push(canariesIn(recording.recorderPid, canary));
    t.is((await recording.stop()).unanswered, 0);
  }
  t.is(found[0], 0);
  // A search that finds nothing proves nothing unless it can find something.
  t.true(found[1]! > 0);
});
