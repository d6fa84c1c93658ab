import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { analyze, record, renderReport } from 'membench';
import { openProfile, readEvents } from 'membench/profile';
import { generateCapture } from '#bench/generate/generate.js';
import { zipfAlpha } from '#src/analyze/zipf.js';
import { temporary } from '../support/cli.js';
import { seeded } from '../support/random.js';

test("a generated capture, through the pool, gives the generator's own counts", async (t) => {
  const folder = temporary(t);
  const source = join(folder, 'gen.pcap');
  const profile = join(folder, 'gen.mbp');
  const fd = openSync(source, 'w');
  const truth = generateCapture(
    { exchanges: 30_000, flows: 50, keys: 5000, multiget: 0.1, pipelined: 0.1, reorder: 0.02, seed: 7 },
    (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    },
  );
  closeSync(fd);
  t.true(truth.swappedPackets > 50, `${truth.swappedPackets}`);
  const summary = await record({ source, profile, workers: 2 });
  t.like(summary, {
    requests: truth.asked.requests,
    unanswered: 0,
    gaps: 0,
    packets: { seen: truth.packets, decoded: truth.packets },
  });
  const analysis = await analyze([profile]);
  for (const op of ['get', 'mg'] as const) {
    t.like(analysis.ops[op], {
      count: truth.asked.ops[op].count,
      hits: truth.asked.ops[op].hits,
      misses: truth.asked.ops[op].misses,
      unanswered: 0,
    });
  }
  t.is(analysis.ops.set!.count, truth.asked.ops.set.count);
  t.like(analysis.ops.delete, {
    count: truth.asked.ops.delete.count,
    hits: truth.asked.ops.delete.hits,
    misses: truth.asked.ops.delete.misses,
  });
  t.is(analysis.keys.distinct, truth.distinctKeys);
  t.is(analysis.connections, 50);
  t.true(Math.abs(analysis.keys.zipf_alpha! - 0.99) < 0.05, `${analysis.keys.zipf_alpha}`);
  t.true(analysis.complete);
  t.true(renderReport(analysis).every((line) => line.length < 100));
  // Against brute force over the events themselves.
  using reader = openProfile(profile);
  const latencies: number[] = [];
  const keys = new Map<string, number>();
  for (const event of readEvents(reader)) {
    if (event.op === 'get' && event.latency_ns !== null) latencies.push(event.latency_ns);
    if (event.key !== null) keys.set(event.key, (keys.get(event.key) ?? 0) + 1);
  }
  latencies.sort((a, b) => a - b);
  const { p50, p99, max } = analysis.ops.get!.latency_ns;
  const near = (got: number | null, share: number) => {
    const want = latencies[Math.ceil(share * latencies.length) - 1]!;
    t.true(Math.abs(got! - want) <= want * 0.002, `${got} for ${want}`);
  };
  near(p50, 0.5);
  near(p99, 0.99);
  t.is(max, latencies.at(-1)!);
  const [busiest] = [...keys].sort((a, b) => b[1] - a[1]);
  t.deepEqual(analysis.keys.top[0], { key: busiest![0], count: busiest![1] });
});

test('loss costs what it costs, and invents nothing', async (t) => {
  const folder = temporary(t);
  const source = join(folder, 'gen.pcap');
  const fd = openSync(source, 'w');
  const truth = generateCapture(
    { exchanges: 30_000, flows: 50, loss: 0.01, handshake: true, seed: 8 },
    (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    },
  );
  closeSync(fd);
  const summary = await record({ source, profile: join(folder, 'out.mbp'), workers: 2 });
  t.true(summary.requests <= truth.asked.requests);
  t.true(summary.gaps > 0);
  t.is(summary.packets.seen, truth.packets);
  t.is(summary.packets.decoded, truth.packets);
});

test('Zipf exponents are found again', (t) => {
  for (const alpha of [0.6, 0.99, 1.3]) {
    const random = seeded(3);
    const ranks = Array.from({ length: 2000 }, (_, i) => (i + 1) ** -alpha);
    const total = ranks.reduce((a, b) => a + b, 0);
    const counts = new Float64Array(2000);
    for (let n = 0; n < 200_000; n++) {
      let at = random() * total;
      let rank = 0;
      while (at > ranks[rank]!) at -= ranks[rank++]!;
      counts[rank]!++;
    }
    const found = zipfAlpha(counts.sort().reverse())!;
    t.true(Math.abs(found - alpha) < 0.02, `${found} for ${alpha}`);
  }
  t.is(zipfAlpha(new Float64Array(5).fill(3)), null);
  t.is(zipfAlpha(new Float64Array(50).fill(3)), null);
});
