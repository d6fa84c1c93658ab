import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import test from 'ava';
import { keyText } from '../reference/siphash.js';
import { membench, temporary } from '../support/cli.js';
import { ascii, client, interleave, packetsOf, START, server } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { LINKTYPES, type Link, pcapFile } from '../support/packets.js';

const TURNS = [
  client('set foo 5 60 3\r\nbar\r\n'),
  server('STORED\r\n'),
  client('get foo nope\r\n'),
  server('VALUE foo 5 3\r\nbar\r\nEND\r\n'),
];

function capture(folder: string, bytes: Uint8Array): string {
  const path = join(folder, 'traffic.pcap');
  writeFileSync(path, bytes);
  return path;
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('record, then cat: every field as documented', (t) => {
  const folder = temporary(t);
  const key = join(folder, 'key');
  writeFileSync(key, '000102030405060708090a0b0c0d0e0f\n', { mode: 0o600 });
  const source = capture(folder, pcapFile(packetsOf(TURNS)));
  const profile = join(folder, 'out.mbp');
  const recorded = membench(['record', '--workers', '2', '--key-file', key, '--json', source, profile]);
  t.is(recorded.code, 0, recorded.stderr);
  const hash = keyText(
    Uint8Array.from({ length: 16 }, (_, i) => i),
    ascii('foo'),
  );
  const [set, hit, miss] = lines(membench(['cat', profile]).stdout);
  t.deepEqual(set, {
    ts_ns: (START + 30_000n).toString(),
    conn: 0,
    request: 0,
    proto: 'text',
    transport: 'tcp',
    op: 'set',
    key: hash,
    key_size: 3,
    value_size: 3,
    mode: null,
    flags: 5,
    ttl: 60,
    delta: null,
    cas: false,
    quiet: false,
    status: 'stored',
    latency_ns: 10_000,
  });
  t.like(hit, { op: 'get', key: hash, status: 'hit', request: 1, value_size: 3 });
  t.like(miss, { op: 'get', status: 'miss', request: 1, value_size: null });
  const summary = JSON.parse(recorded.stdout);
  t.like(summary, {
    packets: { seen: 10, decoded: 10, skipped: {}, lost: {} },
    kernel: { received: null, dropped: null },
    requests: 2,
    events: 3,
    answered: 2,
    unanswered: 0,
    gaps: 0,
  });
  t.is(summary.profile.bytes, statSync(profile).size);
  t.is(statSync(profile).mode & 0o777, 0o600);
  t.is(membench(['verify', profile]).code, 0);
});

test('the summary is as tcpdump would say it', (t) => {
  const folder = temporary(t);
  const { stdout, stderr, code } = membench([
    'record',
    '--workers',
    '1',
    capture(folder, pcapFile(packetsOf(TURNS))),
    join(folder, 'out.mbp'),
  ]);
  t.is(code, 0);
  t.is(stdout, '');
  t.regex(
    stderr,
    /^10 packets captured\n10 packets received by filter\nunknown packets dropped by kernel\n2 requests, 2 answered, 0 unanswered, 0 gaps\nprofile: .*out\.mbp \([\d.]+ k?B, 0\.0 s\)\n$/,
  );
});

test('cat prints the same bytes for any number of workers', (t) => {
  const folder = temporary(t);
  const key = join(folder, 'key');
  writeFileSync(key, '0123456789abcdef', { mode: 0o600 });
  const packets = interleave(
    ...Array.from({ length: 20 }, (_, i) =>
      packetsOf(randomConversation(i, 40), { cut: 'random', seed: i, clientPort: 41000 + i }),
    ),
  );
  const source = capture(folder, pcapFile(packets));
  const prints = [1, 2, 3, 8].map((workers) => {
    const profile = join(folder, `${workers}.mbp`);
    // A small buffer, so that records cross many chunks.
    const { code, stderr } = membench([
      'record',
      '-q',
      '-B',
      '192K',
      '--workers',
      String(workers),
      '--key-file',
      key,
      source,
      profile,
    ]);
    t.is(code, 0, stderr);
    return membench(['cat', profile]).stdout;
  });
  t.true(prints[0]!.length > 100_000);
  for (const print of prints) t.true(print === prints[0]);
});

for (const bigEndian of [false, true]) {
  for (const nanos of [false, true]) {
    test(`a pcap file, ${bigEndian ? 'big' : 'little'}-endian, ${nanos ? 'ns' : 'µs'}, of an odd version`, (t) => {
      const folder = temporary(t);
      const profile = join(folder, 'out.mbp');
      const source = capture(folder, pcapFile(packetsOf(TURNS), { bigEndian, nanos, version: [9, 1] }));
      t.is(membench(['record', '-q', source, profile]).code, 0);
      const [set] = lines(membench(['cat', profile]).stdout);
      t.like(set, { ts_ns: (START + 30_000n).toString(), status: 'stored', latency_ns: 10_000 });
    });
  }
}

for (const link of Object.keys(LINKTYPES) as Link[]) {
  for (const version of [4, 6] as const) {
    test(`link type ${link}, IPv${version}`, (t) => {
      const folder = temporary(t);
      const profile = join(folder, 'out.mbp');
      const packets = packetsOf(TURNS, { link, version, tcpOptions: new Uint8Array(12).fill(1) });
      const source = capture(folder, pcapFile(packets, { linktype: LINKTYPES[link] }));
      const { stdout } = membench(['record', '-q', '--json', source, profile]);
      t.like(JSON.parse(stdout), { requests: 2, answered: 2, packets: { seen: 10, decoded: 10 } });
    });
  }
}

test('VLAN tags, one and two', (t) => {
  const folder = temporary(t);
  const packets = [
    ...packetsOf(TURNS, { tags: [[0x8100, 5]] }),
    ...packetsOf(TURNS, {
      tags: [
        [0x88a8, 5],
        [0x8100, 6],
      ],
      clientPort: 5,
    }),
  ];
  const { stdout } = membench([
    'record',
    '-q',
    '--json',
    capture(folder, pcapFile(packets)),
    join(folder, 'out.mbp'),
  ]);
  t.is(JSON.parse(stdout).answered, 4);
});

test('--port takes lists and ranges', (t) => {
  const folder = temporary(t);
  // Of one client's port and numbers they would be one connection, translated.
  const packets = [7000, 7001, 8000].flatMap((serverPort) =>
    packetsOf(TURNS, { serverPort, clientPort: 40_000 + serverPort }),
  );
  const source = capture(folder, pcapFile(packets));
  const count = (list: string) =>
    JSON.parse(
      membench(['record', '-q', '--force', '--json', '-p', list, source, join(folder, 'out.mbp')]).stdout,
    );
  t.is(count('7000').requests, 2);
  t.is(count('7000-7001').requests, 4);
  t.like(count('7001,8000'), {
    requests: 4,
    packets: { seen: 30, decoded: 20, skipped: { other_port: 10 } },
  });
});

test('--count is exact, --duration goes by packet time', (t) => {
  const folder = temporary(t);
  const source = capture(folder, pcapFile(packetsOf(TURNS)));
  const run = (...args: string[]) =>
    JSON.parse(
      membench(['record', '-q', '--force', '--json', ...args, source, join(folder, 'out.mbp')]).stdout,
    );
  t.like(run('-c', '5'), { packets: { seen: 5, decoded: 5 }, requests: 1, ended: 'count' });
  t.like(run('-d', '0.00005'), { packets: { seen: 6 }, ended: 'duration' });
  t.like(run('-c', '500'), { packets: { seen: 10 }, ended: 'end of source' });
});

test('-r and -w name what positions name', (t) => {
  const folder = temporary(t);
  const source = capture(folder, pcapFile(packetsOf(TURNS)));
  const profile = join(folder, 'out.mbp');
  t.is(membench(['record', '-q', '-r', source, '-w', profile]).code, 0);
  t.true(existsSync(profile));
  t.is(membench(['record', '-q', '-r', source, '-w', profile, profile]).code, 2);
  t.is(membench(['record', '-q', `file:${source}`, join(folder, 'b.mbp')]).code, 0);
});

test('an existing profile is refused, and kept; --force replaces it', (t) => {
  const folder = temporary(t);
  const source = capture(folder, pcapFile(packetsOf(TURNS)));
  const profile = join(folder, 'out.mbp');
  writeFileSync(profile, 'precious');
  const { code, stderr } = membench(['record', source, profile]);
  t.is(code, 1);
  t.regex(
    stderr,
    /^membench: .*: it exists already \(use --force to replace it\) \[ERR_MEMBENCH_PROFILE_EXISTS\]\n$/,
  );
  t.is(readFileSync(profile, 'utf8'), 'precious');
  t.is(membench(['record', '-q', '--force', source, profile]).code, 0);
  symlinkSync(profile, join(folder, 'link.mbp'));
  t.is(membench(['record', '-q', '--force', source, join(folder, 'link.mbp')]).code, 1);
});

test('the capture itself is never taken for the profile', (t) => {
  const folder = temporary(t);
  const source = capture(folder, pcapFile(packetsOf(TURNS)));
  const before = readFileSync(source);
  const { code, stderr } = membench(['record', '--force', source, source]);
  t.is(code, 2);
  t.regex(stderr, /it is the capture itself .*\[ERR_MEMBENCH_USAGE\]/);
  t.deepEqual(readFileSync(source), before);
});

const BAD: [name: string, prepare: (folder: string) => string[], code: number, message: RegExp][] = [
  ['a missing file', (f) => [join(f, 'none.pcap')], 1, /no such file \[ERR_MEMBENCH_SOURCE\]/],
  ['a directory', (f) => [f], 1, /it is a directory .*\[ERR_MEMBENCH_SOURCE\]/],
  ['an empty file', (f) => [capture(f, new Uint8Array(0))], 1, /it is empty \[ERR_MEMBENCH_NOT_A_CAPTURE\]/],
  [
    'text',
    (f) => [capture(f, ascii('hello, this is no capture at all'))],
    1,
    /does not begin like a pcap or pcapng file \(it looks like text; tcpdump -w FILE .*\[ERR_MEMBENCH_NOT_A_CAPTURE\]/,
  ],
  [
    'a file header cut short',
    (f) => [capture(f, pcapFile([]).subarray(0, 20))],
    1,
    /ends within the file header, after 20 bytes/,
  ],
  [
    'a gzip file cut in its head',
    (f) => [capture(f, Uint8Array.of(0x1f, 0x8b, 8, 0, 0))],
    1,
    /the compressed file ends too early \[ERR_MEMBENCH_SOURCE\]/,
  ],
  ...('createZstdDecompress' in zlib
    ? []
    : ([
        [
          'zstd, which this Node cannot unpack',
          (f) => [capture(f, Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0))],
          1,
          /compressed with zstd, which Node \S+ cannot unpack \(zstd -dc .*\[ERR_MEMBENCH_UNSUPPORTED\]/,
        ],
      ] satisfies typeof BAD)),
  [
    'an unknown link type',
    (f) => [capture(f, pcapFile([], { linktype: 105 }))],
    1,
    /link type 105 is not known .*\[ERR_MEMBENCH_LINKTYPE\]/,
  ],
  [
    'a missing folder for the profile',
    (f) => [capture(f, pcapFile([])), join(f, 'no', 'out.mbp')],
    1,
    /there is no such folder \[ERR_MEMBENCH_PROFILE_WRITE\]/,
  ],
  ['a directory as profile', (f) => [capture(f, pcapFile([])), f], 1, /it is a directory/],
  ['an unknown interface', () => ['ebpf:none0'], 1, /none0: .*\[ERR_MEMBENCH_(SOURCE|UNSUPPORTED)\]/],
  ['no source', () => [], 2, /no SOURCE is given: .*\[ERR_MEMBENCH_USAGE\]/],
  ['a bad port', () => ['-p', '70000', 'x'], 2, /\[ERR_MEMBENCH_USAGE\]/],
  ['a bad number of workers', () => ['--workers', '0', 'x'], 2, /\[ERR_MEMBENCH_USAGE\]/],
  ['an unknown option', () => ['--frobnicate', 'x'], 2, /\[ERR_MEMBENCH_USAGE\]/],
  [
    'more memory than there can be',
    (f) => ['-B', '8G', capture(f, pcapFile([]))],
    1,
    /4 GiB is the limit .*\[ERR_MEMBENCH_MEMORY\]/,
  ],
  [
    'a key file others can read',
    (f) => {
      const key = join(f, 'key');
      writeFileSync(key, '0'.repeat(32));
      chmodSync(key, 0o644);
      return ['--key-file', key, capture(f, pcapFile([]))];
    },
    1,
    /others may read or write it \(chmod 600 .*\) \[ERR_MEMBENCH_KEY_FILE\]/,
  ],
];

for (const [name, prepare, code, message] of BAD) {
  test(`one clear line for ${name}`, (t) => {
    const folder = temporary(t);
    const args = prepare(folder);
    const outcome = membench(['record', ...args]);
    t.is(outcome.code, code, outcome.stderr);
    t.regex(outcome.stderr, message);
    t.is(outcome.stderr.split('\n').length, 2, outcome.stderr);
    t.is(outcome.stdout, '');
    t.false(existsSync(join(folder, 'out.mbp')));
  });
}

test('a capture cut anywhere: what was read is sealed, a warning, exit 1', (t) => {
  const folder = temporary(t);
  const whole = pcapFile(packetsOf(TURNS));
  for (const cut of [25, 60, whole.length - 71, whole.length - 1]) {
    const profile = join(folder, `${cut}.mbp`);
    const { code, stderr } = membench([
      'record',
      '--workers',
      '2',
      capture(folder, whole.subarray(0, cut)),
      profile,
    ]);
    t.is(code, 1);
    t.regex(stderr, /the capture breaks off after packet \d+: .*\[ERR_MEMBENCH_BROKEN_CAPTURE\]/);
    t.is(membench(['verify', profile]).code, 0);
  }
});

test('a record of an impossible length ends the capture, not the program', (t) => {
  const folder = temporary(t);
  const bytes = pcapFile(packetsOf(TURNS));
  const first = new DataView(bytes.buffer).getUint32(24 + 8, true);
  new DataView(bytes.buffer).setUint32(24 + 16 + first + 8, 0x7fffffff, true);
  const profile = join(folder, 'out.mbp');
  const { code, stdout } = membench(['record', '-q', '--json', capture(folder, bytes), profile]);
  t.is(code, 1);
  t.like(JSON.parse(stdout), { packets: { seen: 1 }, ended: 'broken source' });
});

test('strange traffic is counted by name', (t) => {
  const folder = temporary(t);
  const tls = packetsOf([{ from: 'client', bytes: Uint8Array.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0) }], {
    clientPort: 3,
  });
  const midstream = packetsOf([client('bar\r\n'), server('STORED\r\n')], {
    clientPort: 4,
    handshake: false,
    fin: false,
  });
  const arp = {
    time: START,
    data: Uint8Array.from({ length: 42 }, (_, i) => (i === 12 ? 8 : i === 13 ? 6 : 0)),
  };
  const source = capture(folder, pcapFile([...tls, ...midstream, arp]));
  const { stdout } = membench(['record', '-q', '--json', source, join(folder, 'out.mbp')]);
  const { packets, payload, requests } = JSON.parse(stdout);
  t.is(requests, 0);
  t.deepEqual(packets.skipped, { not_ip: 1, tls: 3 });
  t.is(packets.seen, packets.decoded + 4);
  const skipped = payload.skipped.tls;
  t.deepEqual(payload, {
    seen: 13 + skipped,
    recorded: 0,
    repeated: 0,
    unsynced: { mid_stream: 13 },
    gap: 0,
    skipped: { tls: skipped },
    missing: 0,
  });
  const summary = membench(['record', source, join(folder, 'again.mbp')]).stderr;
  t.regex(summary, /^payload: 0 B of \d+ B \(0\.0 %\) recorded, 13 B unsynced \(mid_stream\)$/m);
});

test('a recording that lacks little is not told to have all', (t) => {
  const folder = temporary(t);
  const large = packetsOf([client(`set foo 0 0 60000\r\n${'x'.repeat(60_000)}\r\n`), server('STORED\r\n')]);
  const midstream = packetsOf([client('bar\r\n'), server('STORED\r\n')], { clientPort: 4, handshake: false });
  const source = capture(folder, pcapFile([...large, ...midstream]));
  const { stderr } = membench(['record', source, join(folder, 'out.mbp')]);
  t.regex(stderr, /^payload: 60\.0 kB of 60\.0 kB \(99\.9 %\) recorded, 13 B unsynced \(mid_stream\)$/m);
});

test('a stream picked up in the middle of a connection', (t) => {
  const folder = temporary(t);
  const source = capture(folder, pcapFile(packetsOf(TURNS, { handshake: false })));
  const { stdout } = membench(['record', '-q', '--json', source, join(folder, 'out.mbp')]);
  // The set could be text inside a value, its answer any storage command's; the get is proven by its own.
  t.like(JSON.parse(stdout), { requests: 1, events: 2 });
});

test('options of rotation that fit nothing are refused', (t) => {
  const folder = temporary(t);
  const source = capture(folder, pcapFile(packetsOf(TURNS)));
  for (const args of [
    ['-W', '2'],
    ['-C', '0'],
    ['-G', '0'],
    ['--fsync', 'often'],
    ['--max-drop', '101'],
  ]) {
    t.is(membench(['record', '-q', ...args, source, join(folder, 'x.mbp')]).code, 2, args.join(' '));
  }
  t.false(existsSync(join(folder, 'x.mbp')));
});

test('a file with time in its name, and everything brought to the disk', (t) => {
  const folder = temporary(t);
  const source = capture(folder, pcapFile(packetsOf(TURNS)));
  const named = ['record', '-q', '--json', '-G', '1h', '--fsync', 'block', '--max-drop', '0'];
  const { code, stdout, stderr } = membench([...named, source, join(folder, 'a-%Y%m%d.mbp')]);
  t.is(code, 0, stderr);
  const { profile } = JSON.parse(stdout);
  t.regex(profile.path, /a-20\d{6}\.mbp$/);
  t.deepEqual(profile.paths, [profile.path]);
  t.is(membench(['verify', profile.path]).code, 0);
});
