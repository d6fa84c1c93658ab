import test from 'ava';
import { type Analysis, format, renderReport } from 'membench';

const NONE = { p50: null, p90: null, p99: null, p999: null, max: null };
const LATENCY = { p50: 80_100, p90: 250_000, p99: 1_204_000, p999: 15_000_000, max: 2_500_000_000 };

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
  keys: { distinct: 4321, zipf_alpha: 0.987, top: [{ key: '00000000000000ff', count: 120_344 }], secrets: 2 },
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
    'Commands',
    '            keys   share                          hits  errors  unanswered',
    '  get  1,000,000  83.1 %  ████████████████▋     90.1 %       -       1,000',
    '  set    203,441  16.9 %  ███▍                       -       3           -',
    '',
    'Latency, last request byte to first answer byte',
    '           p50     p90     p99    p99.9      max',
    '  get  80.1 µs  250 µs  1.2 ms  15.0 ms    2.5 s',
    '  set  80.1 µs  250 µs  1.2 ms  15.0 ms  12.3 µs',
    '',
    'Sizes',
    '              p50    p90     p99    p99.9     max',
    '  key        20 B   30 B    40 B     50 B   250 B',
    '  get value  40 B  999 B  1.0 kB  18.2 MB  1.0 GB',
    '',
    'Keys',
    '  4,321 distinct, Zipf exponent 0.99; the busiest, by hash:',
    '                       keys   share',
    '  00000000000000ff  120,344  10.0 %',
    '  hashed with 2 secrets: a key in several profiles counts once for each',
    '',
    'Losses',
    '  lost packets: 12 (worker_failed)',
    '  gaps in the byte streams: 14',
    '  payload not understood: 5.0 kB (1.0 kB mid_stream, 4.0 kB after_gap)',
    '  payload never seen: 1.4 kB',
    '  limit reached: keys, 2 times',
    '  blocks missing: 1',
    '  damaged: 512 B',
    '  the profile is not complete: blocks or its footer are missing',
    '  packets that were not decoded: udp 3, tls 1',
  ]);
});

test('without events the report is short', (t) => {
  const empty: Analysis = {
    ...ANALYSIS,
    events: 0,
    first_ts_ns: null,
    last_ts_ns: null,
    ops: {},
    keys: { distinct: 0, zipf_alpha: null, top: [], secrets: 1 },
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
  const styled = renderReport(ANALYSIS, style);
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
