import test from 'ava';
import { type Analysis, format, renderReport } from 'membench';

const NONE = { p50: null, p90: null, p99: null, p999: null, max: null };
const LATENCY = { p50: 80_100, p90: 250_000, p99: 1_204_000, p999: 15_000_000, max: 2_500_000_000 };

const COUNTED = {
  requests: 0,
  events: 1000,
  hits: 900,
  misses: 100,
  errors: 0,
  bytes_in: 1000,
  bytes_out: 2_000_000,
};

const ANALYSIS: Analysis = {
  events: 1_203_441,
  requests: 602_210,
  sample: 1,
  connections: 50,
  duration_s: 61,
  first_ts_ns: '1767225600123456789',
  last_ts_ns: '1767225661123456789',
  ops: {
    get: {
      count: 1_000_000,
      hits: 900_000,
      misses: 99_000,
      errors: 0,
      unanswered: 1000,
      latency_ns: LATENCY,
      value_size: { p50: 40, p90: 999, p99: 1000, p999: 18_200_000, max: 1_048_576_000 },
    },
    set: {
      count: 203_441,
      hits: 0,
      misses: 0,
      errors: 3,
      unanswered: 0,
      latency_ns: { ...LATENCY, max: 12_345 },
      value_size: NONE,
    },
  },
  hit_ratio: 0.9009,
  notes: [],
  keys: {
    distinct: 4321,
    zipf_alpha: 0.987,
    zipf_r2: 0.9954,
    top: [{ key: '00000000000000ff', count: 120_344 }],
    secrets: 2,
    sampled: 1,
    by_bytes: [{ key: '00000000000000ee', count: 5_000_000 }],
    by_misses: [],
    by_writes: [{ key: '00000000000000ff', count: 44 }],
    shares: { top1: 0.1, top10: 0.2, top100: 0.3, top1pct: 0.25 },
    ranks: [[1, 120_344]],
    one_hit: 1000,
    never_read: { keys: 12, writes: 20 },
    stable_top100: null,
  },
  interval_s: 60,
  series: [
    { ...COUNTED, ts_ns: '1767225600123456789', requests: 600_000, latency_ns: LATENCY, ops: {} },
    { ...COUNTED, ts_ns: '1767225660123456789', requests: 2210, latency_ns: LATENCY, ops: {} },
  ],
  bursts: {
    busiest: { ts_ns: '1767225600123456789', requests: 20_000 },
    median: 10_000,
    burst_seconds: 1,
    burst_share: 0.04,
  },
  sizes: {
    stored: NONE,
    fetched: NONE,
    item: { p50: 100, p90: 200, p99: 300, p999: 400, max: 500 },
    items: { count: 3, bytes: 250, chunk_bytes: 312, unknown: 0 },
    slabs: [
      { chunk: 96, items: 2, bytes: 150, chunk_bytes: 192 },
      { chunk: 120, items: 1, bytes: 100, chunk_bytes: 120 },
    ],
    powers: { key: [], stored: [], fetched: [], item: [] },
  },
  ttl: { p50: 60, p90: 60, p99: 60, p999: 60, max: 61, none: 10, past: 0, set: 30, powers: [[64, 30]] },
  lifetimes: {
    stored: 100,
    ended: 50,
    expired_unread: 10,
    overwritten_unread: 20,
    deleted_unread: 5,
    age_powers: [],
    age_at_hit_ms: { p50: 500, p90: 1500, p99: 2500, p999: 3500, max: 4000 },
    sampled: 1,
  },
  working_set: [
    { seconds: 1, keys: 100, bytes: 20_000, keys_max: 120, bytes_max: 24_000 },
    { seconds: 61, keys: 4321, bytes: 864_200, keys_max: 4321, bytes_max: 864_200 },
  ],
  mrc: {
    lru: {
      items: [[100, 0.2]],
      bytes: [
        [2 ** 20, 0.5],
        [2 ** 22, 0.25],
      ],
    },
    lru_ttl: {
      items: [[100, 0.2]],
      bytes: [
        [2 ** 20, 0.5],
        [2 ** 21, 0.2],
        [2 ** 22, 0.15],
      ],
    },
    memcached: null,
    band: [[2 ** 20, 0.48, 0.52]],
    cold_misses: 100_000,
    dead_misses: 0,
    reads: 1_000_000,
    sampled: 0.25,
    advice: {
      bytes: 2 ** 21,
      from: 'hit_ratio',
      hit_ratio: 0.8,
      half: 0.5,
      double: 0.85,
      knee: { bytes: 2 ** 21, hit_ratio: 0.8 },
    },
  },
  latency: null,
  connection_use: {
    count: 50,
    life_ms: NONE,
    opened: 50,
    closed: 50,
    requests: { p50: 10, p90: 20, p99: 30, p999: 40, max: 50 },
    pipelining: { p50: 1, p90: 1, p99: 2, p999: 3, max: 4 },
    keys_per_request: NONE,
    interarrival_ns: LATENCY,
    told_apart: 50,
  },
  by: null,
  groups: null,
  caveats: [{ what: 'something is missing', means: 'and some figures are too low' }],
  key_size: { p50: 20, p90: 30, p99: 40, p999: 50, max: 250 },
  loss: {
    lost: { worker_failed: 12 },
    skipped: { udp: 3, tls: 1 },
    gaps: 14,
    unsynced_bytes: 5000,
    bounds: { keys: 2 },
    missing_blocks: 1,
    damaged_bytes: 512,
  },
  payload: {
    seen: 9_000_000,
    recorded: 8_994_000,
    repeated: 1000,
    unsynced: { mid_stream: 1000, after_gap: 4000 },
    gap: 0,
    skipped: {},
    missing: 1448,
  },
  complete: false,
  hint: null,
};

test('the report says what there is to say', (t) => {
  t.deepEqual(renderReport(ANALYSIS), [
    'Workload',
    '  602,210 requests for 1,203,441 keys on 50 connections',
    '  2026-01-01T00:00:00.123Z to 2026-01-01T00:01:01.123Z (61.0 s, 9,872 a second)',
    '  hit ratio 90.1 %',
    '',
    'Hit ratio by memory',
    '  The recorded hit ratio needs 2.0 MiB of item memory, which would give a hit',
    '  ratio of 80.0 % under LRU with TTLs; half of it 50.0 %, double 85.0 %; the',
    '  knee is at 2.0 MiB (80.0 %).',
    '  memory      LRU  with TTLs  95 %',
    '  1.0 MiB  50.0 %     50.0 %  ±2.0  ██████',
    '  2.0 MiB  50.0 %     80.0 %  ±2.0  █████████▋',
    '  4.0 MiB  75.0 %     85.0 %  ±2.0  ██████████▎',
    '  of 1,000,000 reads 10.0 % were the first of their key and 0.0 % came after its',
    '  item had expired or was deleted: these miss at any size',
    '',
    'Commands',
    '            keys   share                          hits  errors  unanswered',
    '  get  1,000,000  83.1 %  ████████████████▋     90.1 %       -       1,000',
    '  set    203,441  16.9 %  ███▍                       -       3           -',
    '',
    'Over time, 60.0 s a line',
    '  UTC        req/s                  hits  errors      in     out     p99',
    '  00:00:00  10,000  ████████████  90.0 %       -  1.0 kB  2.0 MB  1.2 ms',
    '  00:01:00   2,210  ██▋           90.0 %       -  1.0 kB  2.0 MB  1.2 ms',
    '  busiest second 00:00:00: 20,000 requests, 2.0 × the median',
    '  seconds above twice the median: 1, with 4.0 % of requests',
    '',
    'Keys',
    '  4,321 distinct, Zipf exponent 0.99 (R² 0.995)',
    '  busiest key 10.0 % of events, 10 keys 20.0 %, 100 30.0 %, 1 % of keys 25.0 %',
    '  with a single event: 1,000 keys (23.1 %)',
    '  stored but never read: 12 keys, 20 times',
    '',
    '  busiest              keys   share',
    '  00000000000000ff  120,344  10.0 %',
    '',
    '  most bytes moved',
    '  00000000000000ee  5.0 MB',
    '',
    '  most stored',
    '  00000000000000ff  44',
    '  hashed with 2 secrets: a key in several profiles counts once for each',
    '',
    'Working set: distinct keys, and their items, touched within',
    '           keys    bytes  most keys  most bytes',
    '  1.0 s     100  20.0 kB        120     24.0 kB',
    '  61.0 s  4,321   864 kB      4,321      864 kB',
    '',
    'Times to live',
    '  for ever 25.0 %, expired at once 0.0 %',
    '                p50     p90     p99   p99.9     max',
    '  requested  60.0 s  60.0 s  60.0 s  60.0 s  61.0 s',
    '                  p50    p90    p99  p99.9    max',
    '  age when hit  0.5 s  1.5 s  2.5 s  3.5 s  4.0 s',
    '  of 100 items stored, 20.0 % were overwritten unread, 10.0 % expired unread,',
    '    5.0 % were deleted unread',
    '',
    'Sizes',
    '               p50    p90     p99    p99.9     max',
    '  key         20 B   30 B    40 B     50 B   250 B',
    '  get value   40 B  999 B  1.0 kB  18.2 MB  1.0 GB',
    '  item       100 B  200 B   300 B    400 B   500 B',
    '',
    "  3 items of 250 B take 312 B of memcached's chunks: 19.9 % is rounding",
    '  chunk  items  memory  rounding',
    '  96 B       2   192 B    21.9 %',
    '  120 B      1   120 B    16.7 %',
    '',
    'Latency, last request byte to first answer byte',
    '           p50     p90     p99    p99.9      max',
    '  get  80.1 µs  250 µs  1.2 ms  15.0 ms    2.5 s',
    '  set  80.1 µs  250 µs  1.2 ms  15.0 ms  12.3 µs',
    '',
    'Connections',
    '                         p50     p90     p99    p99.9    max',
    '  requests on one         10      20      30       40     50',
    '  between requests   80.1 µs  250 µs  1.2 ms  15.0 ms  2.5 s',
    '  under way at once        1       1       2        3      4',
    '',
    'Losses',
    '  lost packets: 12 (worker_failed)',
    '  gaps in the byte streams: 14',
    '  payload not understood: 5.0 kB (1.0 kB mid_stream, 4.0 kB after_gap)',
    '  payload never captured: 1.4 kB',
    '  limit reached: keys, 2 times',
    '  blocks missing: 1',
    '  damaged: 512 B',
    '  the profile is not complete: blocks or the footer are missing',
    '  packets that were not decoded: udp 3, tls 1',
    '',
    'Effects on the figures',
    '  something is missing: and some figures are too low',
  ]);
  t.true(renderReport(ANALYSIS).every((line) => line.length <= 80));
});

test('without events the report is short', (t) => {
  const empty: Analysis = {
    ...ANALYSIS,
    events: 0,
    first_ts_ns: null,
    last_ts_ns: null,
    ops: {},
    keys: { ...ANALYSIS.keys, distinct: 0 },
    series: [],
    sizes: { ...ANALYSIS.sizes, item: NONE, items: { count: 0, bytes: 0, chunk_bytes: 0, unknown: 0 } },
    ttl: { ...NONE, none: 0, past: 0, set: 0, powers: [] },
    lifetimes: { ...ANALYSIS.lifetimes, stored: 0 },
    working_set: [],
    connection_use: { ...ANALYSIS.connection_use, requests: NONE, pipelining: NONE, interarrival_ns: NONE },
    mrc: { ...ANALYSIS.mrc, reads: 0 },
    caveats: [],
    key_size: NONE,
    loss: {
      lost: {},
      skipped: {},
      gaps: 0,
      unsynced_bytes: 0,
      bounds: {},
      missing_blocks: 0,
      damaged_bytes: 0,
    },
    payload: { seen: 0, recorded: 0, repeated: 0, unsynced: {}, gap: 0, skipped: {}, missing: 0 },
    complete: true,
  };
  t.deepEqual(renderReport(empty), ['Workload', '  no requests', '', 'Losses', '  none']);
});

test("colour is the caller's, and changes no width", (t) => {
  const style = {
    title: (text: string) => `<b>${text}</b>`,
    dim: (text: string) => `<i>${text}</i>`,
    warn: (text: string) => `<w>${text}</w>`,
  };
  const styled = renderReport(ANALYSIS, { style });
  t.true(styled.includes('<b>Commands</b>'));
  t.true(styled.includes('  <w>gaps in the byte streams: 14</w>'));
  t.deepEqual(
    styled.map((line) => line.replaceAll(/<\/?[biw]>/g, '')),
    renderReport(ANALYSIS),
  );
});

test('numbers are written as people read them', (t) => {
  const { bytes, count, nanoseconds, percent, seconds } = format;
  t.deepEqual([0, 999, 1000, 1_203_441, 1e12].map(count), [
    '0',
    '999',
    '1,000',
    '1,203,441',
    '1,000,000,000,000',
  ]);
  t.deepEqual([0, 999, 1000, 9949, 99_960, 999_499, 999_960, 18_200_000, 5e15].map(bytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '100 kB',
    '999 kB',
    '1.0 MB',
    '18.2 MB',
    '5000 TB',
  ]);
  t.deepEqual([0, 12_345, 1e6, 61e9].map(nanoseconds), ['0 ns', '12.3 µs', '1.0 ms', '61.0 s']);
  t.deepEqual([0.05, 61, 119.9, 125, 7500].map(seconds), [
    '0.1 s',
    '61.0 s',
    '119.9 s',
    '2 min 05 s',
    '2 h 05 min',
  ]);
  t.deepEqual([0, 0.874, 1].map(percent), ['0.0 %', '87.4 %', '100.0 %']);
});

test('where little was understood it ends with the likely cause', (t) => {
  const hint = 'packets are cut at 96 bytes: capture whole ones';
  t.is(renderReport({ ...ANALYSIS, hint }).at(-1), hint);
});
