/**
 * The receiver's view of TCP: segments a client never sends, sent to the kernel's TCP and a real memcached.
 * What they made of them is the truth: that the answers are those to the stream each case names, and that
 * the recording has the events an independent parser finds in that stream sent plainly. Where copies contradict
 * each other it has a counted gap, and no event but these.
 */
import test, { type ExecutionContext } from 'ava';
import type { CacheEvent } from 'membench/decoder';
import { referenceEvents } from '../reference/reference.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { Network, takeTurns, whyNotLive } from '../support/network.js';
import { ACK, FIN, type Packet, pcapFile } from '../support/packets.js';
import { byServer } from '../support/truth.js';
import { type Case, get, set } from './receiver/case.js';
import { CHECKSUMS } from './receiver/checksums.js';
import { CONTRADICTIONS } from './receiver/contradictions.js';
import { COPIES } from './receiver/copies.js';
import { DATAGRAMS } from './receiver/datagrams.js';
import { Device } from './receiver/device.js';
import { ENDS } from './receiver/ends.js';
import { MID_STREAM } from './receiver/mid-stream.js';
import { NOISE } from './receiver/noise.js';
import { OPTIONS } from './receiver/options.js';
import { Peer, PORT } from './receiver/peer.js';
import { REQUESTS, sendAtRandom } from './receiver/random.js';

const ALL: readonly Case[] = [
  ...COPIES,
  ...CHECKSUMS,
  ...NOISE,
  ...ENDS,
  ...OPTIONS,
  ...DATAGRAMS,
  ...MID_STREAM,
  ...CONTRADICTIONS,
];
const EXACT = ALL.filter(({ gap }) => !gap);
const GAPS = ALL.filter(({ gap }) => gap);
const SEED = Number(process.env.MEMBENCH_SEED ?? 1);
const RAW = 101;
const KEY = Uint8Array.from({ length: 16 }, (_, i) => i * 7);
/** A request whose answer says that all before it was answered. */
const LAST = 'mn\r\n';
const LAST_ANSWER = 'MN\r\n';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const endings: (() => void | Promise<void>)[] = [];
let network: Network;
let device: Device;
let port = 20_000;
let counted: Record<string, number>;

test.before(async () => {
  if (reason !== '') return;
  network = new Network({ teardown: (fn) => endings.push(fn) });
  device = new Device(network);
  endings.push(() => device.close());
  await network.memcached();
  network.talk(
    Array.from({ length: 9 }, (_, i) => set(`k${i + 1}`, String(i + 1).repeat(i + 1)))
      .join('')
      .replaceAll('\r\n', '\\r\\n'),
  );
  counted = network.stats();
});
test.after.always(async () => {
  for (const end of endings) await end();
});

/** What must not differ: all but times, and numbers that count what else is in the capture. */
const essence = (events: readonly CacheEvent[]) =>
  // The order is that of the first packets, which is what differs here.
  events
    .map(({ ts_ns, conn, request, latency_ns, ...rest }) => JSON.stringify(rest, Object.keys(rest).sort()))
    .sort();
const record = (packets: readonly Packet[], workers: number, linktype = RAW) =>
  recordInProcess(pcapFile(packets, { linktype, nanos: true }), { workers, key: KEY, ports: [[PORT, PORT]] });

/** What memcached answers to a stream sent in order. */
async function plainly(stream: string): Promise<string> {
  const peer = new Peer(device, port++);
  await peer.connect();
  for (let at = 0; at < stream.length; at += 1000) peer.say(stream.slice(at, at + 1000));
  await peer.until(() => peer.finished || peer.answer.endsWith(LAST_ANSWER), 'a plain answer');
  peer.put(peer.next, '', { flags: FIN | ACK });
  await peer.until(() => peer.finished, 'its end');
  peer.put(peer.next + 1, '', { flags: ACK });
  return peer.answer;
}

/** What was asked, whether or not its answer was found. */
const asked = (events: readonly CacheEvent[]) => events.map(({ op, key }) => `${op} ${key}`);

/** What is in a list and, as often, not in another. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return list.filter((item) => {
    const at = left.indexOf(item);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** What is to be recorded of a stream and its answer. */
const eventsOf = (stream: string, answer: string) =>
  referenceEvents(packetsOf([client(stream), server(answer)]), KEY);

/** Whether nothing was recorded but what happened. */
function onlyWhatHappened(
  t: ExecutionContext,
  events: readonly CacheEvent[],
  truth: readonly CacheEvent[],
  what?: string,
) {
  const answered = events.filter(({ status }) => status !== 'unanswered');
  t.deepEqual(without(essence(answered), essence(truth)), [], what ?? 'no answer that was not given');
  t.deepEqual(without(asked(events), asked(truth)), [], what ?? 'no request that was not made');
}

function check(item: Case, name: string) {
  live(`${name}: ${item.name}${reason && ` (${reason})`}`, async (t) => {
    const { ends, before = '', length = item.served.length } = item;
    const answer = await plainly(item.served + LAST);
    const first = device.packets.length;
    const peer = new Peer(device, port++, item.connection);
    if (!item.opens) await peer.connect();
    await item.run(peer);
    if (ends !== 'finished') peer.put(length, LAST);
    const over = () => peer.reset || peer.finished || (!ends && peer.answer.endsWith(LAST_ANSWER));
    await peer.until(over, 'the end');
    const served = ends
      ? answer.slice(0, answer.length - (answer.endsWith(LAST_ANSWER) ? LAST_ANSWER.length : 0))
      : answer;
    t.is(peer.answer, served, 'what the server answered');
    t.is(peer.reset, ends === 'reset', 'whether there is a connection');
    if (!ends) peer.put(length + LAST.length, '', { flags: FIN | ACK });
    await peer.until(() => peer.reset || peer.finished, 'the end of the connection');
    if (peer.finished) peer.put(peer.acknowledged, '', { flags: ACK });
    const truth = [
      ...eventsOf(before, peer.before),
      ...eventsOf(ends ? item.served : item.served + LAST, served).slice(item.unproven),
    ];
    const packets = device.packets.slice(first);
    for (const workers of [1, 3]) {
      const { events, counters } = record(item.recorded?.(packets) ?? packets, workers, item.linktype);
      if (item.gap) {
        onlyWhatHappened(t, events, truth);
        t.true(counters.gaps > 0);
        t.true(counters.ambiguous_copies > 0);
      } else t.deepEqual(essence(events), essence(truth), `${workers} workers`);
      const counts = { ...(!item.gap && { gaps: 0, ambiguous_copies: 0 }), ...item.counters };
      for (const [name, count] of Object.entries(counts)) {
        t.is(counters[name as keyof typeof counters], count, name);
      }
    }
  });
}
for (const [i, item] of EXACT.entries()) check(item, `${i + 1} of ${EXACT.length}, exact`);
live(`all ${EXACT.length} of these in one capture: exactly what memcached counted`, (t) => {
  const after = network.stats();
  const { events, counters } = record(device.packets, 3);
  const some = (names: string[], status?: string) =>
    events.filter((event) => names.includes(event.op) && event.status === (status ?? event.status)).length;
  t.deepEqual(
    { gets: some(['get']), hits: some(['get'], 'hit'), misses: some(['get'], 'miss'), sets: some(['set']) },
    byServer(counted, after),
  );
  t.is(counters.gaps, 0);
  t.is(counters.unmatched_answers, 0);
  t.is(counters.packets_seen, device.packets.length);
});
for (const [i, item] of GAPS.entries()) check(item, `${i + 1} of ${GAPS.length}, a gap`);

const SCRIPTS = Number(process.env.MEMBENCH_SCRIPTS ?? 100);

/** Sends one script of segments at random, and records it. */
async function script(t: ExecutionContext, version: 4 | 6, i: number, forged: boolean) {
  const seed = SEED + i;
  const first = device.packets.length;
  const peer = new Peer(device, port++, { version, timestamps: i % 2 === 0, initial: -100 * (i % 3) });
  await peer.connect();
  sendAtRandom(peer, seed, forged);
  peer.put(REQUESTS * 8, LAST);
  await peer.until(() => peer.reset || peer.answer.endsWith(LAST_ANSWER), `seed ${seed}`);
  peer.put(REQUESTS * 8 + LAST.length, '', { flags: FIN | ACK });
  await peer.until(() => peer.finished, 'the end of the connection');
  peer.put(peer.acknowledged, '', { flags: ACK });
  const keys = [...peer.answer.matchAll(/^VALUE k(\d)/gm)].map(([, key]) => Number(key));
  t.is(keys.length, REQUESTS, `seed ${seed}`);
  const truth = eventsOf(get(...keys) + LAST, peer.answer);
  return { seed, truth, ...record(device.packets.slice(first), 1) };
}

for (const version of [4, 6] as const) {
  live(
    `${SCRIPTS} times segments at random over IPv${version}: nothing is recorded but what was answered`,
    async (t) => {
      let gaps = 0;
      let recorded = 0;
      for (let i = 0; i < SCRIPTS; i++) {
        const { seed, truth, events, counters } = await script(t, version, i, true);
        if (counters.ambiguous_copies === 0) t.deepEqual(essence(events), essence(truth), `seed ${seed}`);
        else onlyWhatHappened(t, events, truth, `seed ${seed}`);
        t.is(counters.gaps > 0, counters.ambiguous_copies > 0, `seed ${seed}`);
        gaps += counters.gaps;
        recorded += counters.answered;
      }
      t.true(recorded > SCRIPTS);
      t.log(
        `seeds from ${SEED} on: ${gaps} gaps, ${recorded} of ${SCRIPTS * (REQUESTS + 1)} requests with their answers`,
      );
    },
  );

  live(
    `${SCRIPTS} times copies that are alike, or damaged, over IPv${version}: all is recorded`,
    async (t) => {
      for (let i = 0; i < SCRIPTS; i++) {
        const { seed, truth, events, counters } = await script(t, version, i, false);
        t.deepEqual(essence(events), essence(truth), `seed ${seed}`);
        t.is(counters.gaps + counters.ambiguous_copies, 0, `seed ${seed}`);
      }
    },
  );
}
