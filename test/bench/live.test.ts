import test from 'ava';
import { throughputRatio } from '#bench/live/comparison.js';
import { highestWithoutLoss, neverLost, type Step } from '#bench/live/limit.js';
import { loadCommand } from '#bench/live/load.js';
import { rotate } from '#bench/live/rotation.js';
import type { Run } from '#bench/live/run.js';
import { parseMemcaslap, parseSummary, parseTcpdump } from '#bench/live/said.js';
import { spreadOf } from '#bench/measure/statistics.js';

const NONE_LOST = {
  captured: 10,
  dropped: 0,
  lost: 0,
  lag: null,
  ringBytes: null,
  cpu: 1000,
  peak: 1,
  inUse: 0,
  growth: 0,
};

function runOf(rate: number, lost = 0): Run {
  return {
    load: { operations: rate, rate, packets: 2 * rate, packetRate: 2 * rate },
    recorded: { ...NONE_LOST, lost },
  };
}

for (const count of [1, 2, 3, 4, 5, 6, 7]) {
  test(`rotation of ${count}: everyone in every round, after everyone else equally often`, (t) => {
    const all = [...'ABCDEFG'.slice(0, count)];
    const rounds = count % 2 === 1 ? 2 * count : count;
    const pairs = new Map<string, number>();
    const places = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const order = rotate(all, round);
      t.deepEqual([...order].sort(), all);
      for (const [place, name] of order.entries()) {
        const at = `${name}${place}`;
        places.set(at, (places.get(at) ?? 0) + 1);
        if (place === 0) continue;
        const pair = `${order[place - 1]}${name}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      }
    }
    t.is(pairs.size, count * (count - 1));
    t.true([...pairs.values()].every((times) => times === rounds / count));
    t.is(places.size, count * count);
    t.true([...places.values()].every((times) => times === rounds / count));
  });
}

test('memcaslap: its last line, not those of its statistics', (t) => {
  const output = `cmd_get: 256806
object_bytes: 31063488
Type     Time(s)  Ops          TPS(ops/s)   Net(M/s)
Global   2        285357       142386       159.3

Run time: 2.0s Ops: 285357 TPS: 142386 Net_rate: 159.3M/s
`;
  t.deepEqual(parseMemcaslap(output), { operations: 285_357, rate: 142_386 });
  t.is(parseMemcaslap('Run time: 1.0s Ops: 0 TPS: 0 Net_rate: 0.0M/s\n'), null);
  t.is(parseMemcaslap('Please specify the item expected throughput. :-)\n'), null);
});

test('memcaslap: options of a load', (t) => {
  t.is(
    loadCommand({ connections: 32, amount: { seconds: 5 } }).join(' '),
    'memcaslap -s 10.99.0.1:11211 -T 1 -c 32 -t 5s',
  );
  t.is(
    loadCommand({ connections: 64, threads: 2, valueSize: 64, amount: { operations: 1000 } }).join(' '),
    'memcaslap -s 10.99.0.1:11211 -T 2 -c 64 -X 64 -x 1000',
  );
});

test('tcpdump: counts at its end', (t) => {
  const start = 'tcpdump: listening on srv0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n';
  const said = (...lines: string[]) => parseTcpdump(`${start}${lines.join('\n')}\n`);
  t.deepEqual(
    said('509808 packets captured', '509900 packets received by filter', '92 packets dropped by kernel'),
    { captured: 509_808, dropped: 92, lost: 92, lag: null, ringBytes: null },
  );
  t.deepEqual(
    said(
      '1 packet captured',
      '1 packet received by filter',
      '0 packets dropped by kernel',
      '3 packets dropped by interface',
    ),
    { captured: 1, dropped: 0, lost: 3, lag: null, ringBytes: null },
  );
  t.is(said(), null);
});

test('membench: packets and losses of a summary', (t) => {
  const summary = {
    packets: { seen: 100, decoded: 60, skipped: { no_payload: 30 }, lost: { ring_full: 7, by_kernel: 3 } },
    kernel: { received: 100, dropped: 3 },
    lag_ns: { p50: 1, p99: 2, max: 3 },
    counters: { ring_bytes: 9000 },
  };
  const outcome = { captured: 90, dropped: 3, lost: 10, lag: { p50: 1, p99: 2, max: 3 }, ringBytes: 9000 };
  t.deepEqual(parseSummary(JSON.stringify(summary)), outcome);
  t.deepEqual(parseSummary(JSON.stringify({ ...summary, lag_ns: undefined })), { ...outcome, lag: null });
  t.is(parseSummary(''), null);
});

test('throughput is compared within a round, then the median taken', (t) => {
  const rounds = new Map([
    ['none', [runOf(100), runOf(200), runOf(400)]],
    ['ebpf', [runOf(90), runOf(190), runOf(200)]],
  ]);
  t.deepEqual(throughputRatio(rounds, 'ebpf', 'none'), { median: 0.9, least: 0.5, most: 0.95 });
  t.is(throughputRatio(rounds, 'ebpf', 'tcpdump'), null);
  t.is(spreadOf([]), null);
});

test('the highest load without loss may lie above one with a loss', (t) => {
  const step = (rate: number, lost: number): Step => ({
    load: { connections: 1, amount: { seconds: 1 } },
    runs: new Map([
      ['ebpf', runOf(rate)],
      ['tcpdump', runOf(rate, lost)],
    ]),
  });
  const steps = [step(100, 0), step(200, 1), step(300, 0), step(400, 5)];
  t.is(highestWithoutLoss(steps, 'ebpf'), 800);
  t.is(highestWithoutLoss(steps, 'tcpdump'), 600);
  t.is(highestWithoutLoss([step(1, 1)], 'tcpdump'), 0);
  t.is(highestWithoutLoss(steps, 'afpacket'), null);
  t.true(neverLost(steps, 'ebpf'));
  t.false(neverLost(steps, 'tcpdump'));
});
