import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { MembenchError, openProfile, readEvents } from 'membench/profile';
import { expectedEvents } from './expected.js';
import {
  type BlockSpec,
  blockBody,
  file,
  folder,
  frame,
  frames,
  headerValue,
  pack,
  type TestEvent,
} from './support.js';

/** A few events of one worker. */
function burst(worker: number, first: number): TestEvent[] {
  return [0, 1, 2].map((i) => ({
    worker,
    conn: i % 2,
    time: BigInt(1000 + first + i),
    ordinal: (first + i) * 2 + worker,
    op: i === 0 ? 'set' : 'get',
    status: i === 0 ? 'stored' : 'hit',
    key: { hash: BigInt(first + i), size: 9 },
    value_size: 100 + i,
    latency: 7n,
  }));
}

const BLOCKS: BlockSpec[] = [
  { worker: 0, seq: 0, events: burst(0, 0) },
  { worker: 1, seq: 0, events: burst(1, 1) },
  { worker: 0, seq: 1, events: burst(0, 10) },
];
const LOSSES = [{ worker: 1, reason: 'worker_failed', packets: 12 }];

function eventsOf(blocks: readonly BlockSpec[]) {
  return expectedEvents(blocks.flatMap(({ events }) => events));
}

test('header, footer, loss records and blocks are read', (t) => {
  const counts = { events: 9, gaps: 2 };
  using profile = openProfile(file(t, frames({ blocks: BLOCKS, losses: LOSSES, footer: { counts } })));
  t.is(profile.header.run, '000102030405060708090a0b0c0d0e0f');
  t.is(profile.header.createdNs, 1_700_000_000_000_000_000n);
  t.deepEqual(profile.header.ports, [[11211, 11211]]);
  t.is(profile.header.unit, 1000);
  t.is(profile.footer?.ended, 'end of source');
  t.is(profile.footer?.elapsedNs, 5_000_000_000n);
  t.deepEqual(profile.counts(), counts);
  t.like(profile.losses[0], LOSSES[0]!);
  t.deepEqual(
    profile.blocks.map(({ worker, seq, events, minNs }) => ({ worker, seq, events, minNs })),
    [
      { worker: 0, seq: 0, events: 3, minNs: 1_000_000n },
      { worker: 1, seq: 0, events: 3, minNs: 1_001_000n },
      { worker: 0, seq: 1, events: 3, minNs: 1_010_000n },
    ],
  );
  t.deepEqual(
    [...profile.readBlocks()].map(({ worker, seq }) => [worker, seq]),
    [
      [0, 0],
      [1, 0],
      [0, 1],
    ],
  );
  t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS));
  t.true(profile.complete);
  t.deepEqual(profile.damage, []);
});

test('without a footer counts are those of the blocks and the loss records', (t) => {
  const blocks = BLOCKS.map((block, i) => ({ ...block, options: { counts: { events: 3, gaps: i } } }));
  using profile = openProfile(file(t, frames({ blocks, losses: LOSSES, footer: null })));
  t.deepEqual(profile.counts(), { events: 9, gaps: 3, lost_worker_failed: 12 });
  t.is(profile.footer, null);
  t.false(profile.complete);
  t.deepEqual(profile.missing(), []);
});

test('a profile cut at any byte gives the blocks before the cut, or says it is none', (t) => {
  const parts = frames({ blocks: BLOCKS, losses: LOSSES });
  const whole = Buffer.concat(parts);
  const path = file(t, whole);
  let opened = 0;
  for (let size = whole.length; size >= 0; size--) {
    truncateSync(path, size);
    let end = parts[0]!.length;
    if (size < end) {
      const error = t.throws(() => openProfile(path), { instanceOf: MembenchError });
      if (error.code !== 'ERR_MEMBENCH_NOT_A_PROFILE') t.fail(`cut at ${size}: ${error.message}`);
      continue;
    }
    opened++;
    const here = BLOCKS.filter((_, i) => {
      end += parts[i + 1]!.length;
      return end <= size;
    });
    using profile = openProfile(path);
    assert.deepEqual([...readEvents(profile)], eventsOf(here), `cut at ${size}`);
    assert.equal(profile.complete, size === whole.length);
    assert.ok(profile.damage.every(({ unfinished }) => unfinished));
  }
  t.is(opened, whole.length - parts[0]!.length + 1);
});

test('a profile is read while it is written', (t) => {
  const parts = frames({ blocks: BLOCKS });
  const path = file(t, parts[0]!);
  for (const [i, part] of parts.slice(1).entries()) {
    // Half of the next frame is there already.
    appendFileSync(path, part.subarray(0, part.length / 2));
    {
      using profile = openProfile(path);
      t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS.slice(0, i)));
      t.is(profile.damage.length, 1);
      t.true(profile.damage[0]!.unfinished);
      t.is(profile.footer, null);
      t.deepEqual(profile.missing(), []);
    }
    appendFileSync(path, part.subarray(part.length / 2));
  }
  using profile = openProfile(path);
  t.true(profile.complete);
});

test('what is appended after opening is not seen', (t) => {
  const parts = frames({ blocks: BLOCKS });
  const path = file(t, parts.slice(0, 2));
  using profile = openProfile(path);
  for (const part of parts.slice(2)) appendFileSync(path, part);
  t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS.slice(0, 1)));
});

test('rubbish between, before and after frames is passed over and told', (t) => {
  const [header, first, second, third, footer] = frames({ blocks: BLOCKS }) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  // Looks like frames, but is none: a length that is too large, one beyond the end, and a start alone.
  const rubbish = Buffer.concat([
    Buffer.from([0x93, 0xa4, ...Buffer.from('MBBK'), 0xc6, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x93, 0xa4, ...Buffer.from('MBBK'), 0xc6, 0, 0xff, 0xff, 0xff]),
    Buffer.from([0x93, 0xa4, 0x4d, 0x42]),
    Buffer.alloc(100, 0x93),
  ]);
  const path = file(t, [header, rubbish, first, second, rubbish, third, footer, rubbish]);
  using profile = openProfile(path);
  t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS));
  t.deepEqual(
    profile.damage.map(({ bytes, unfinished }) => [bytes, unfinished]),
    [
      [rubbish.length, false],
      [rubbish.length, false],
      [rubbish.length, false],
    ],
  );
  t.is(profile.footer?.ended, 'end of source');
});

test('a megabyte of damage hides nothing behind it', (t) => {
  const parts = frames({ blocks: BLOCKS, footer: null });
  for (const size of [1024 * 1024 - 20, 1024 * 1024 - 3, 1024 * 1024, 1024 * 1024 + 5]) {
    using profile = openProfile(file(t, [parts[0]!, Buffer.alloc(size, 0x93), ...parts.slice(1)]));
    t.is(profile.blocks.length, 3);
    t.is(profile.damage[0]!.bytes, size);
  }
});

test('a wrong index is not believed', (t) => {
  const blocks = BLOCKS.slice(0, 2);
  const parts = frames({ blocks, footer: null });
  const offsets = [parts[0]!.length, parts[0]!.length + parts[1]!.length];
  const row = (i: number, change: object) =>
    Object.values({
      offset: offsets[i]!,
      bytes: parts[i + 1]!.length,
      worker: i,
      seq: 0,
      events: 3,
      min: i === 0 ? 1_000_000 : 1_001_000,
      max: i === 0 ? 1_002_000 : 1_003_000,
      ...change,
    });
  const indexes: Record<string, (string | number)[][]> = {
    'offset past the end': [row(0, {}), row(1, { offset: 1e9 })],
    'offset into a frame': [row(0, {}), row(1, { offset: offsets[1]! + 1 })],
    'in another order': [row(1, {}), row(0, {})],
    'the same twice': [row(0, {}), row(0, {})],
    'another size': [row(0, { bytes: parts[1]!.length + 1 }), row(1, {})],
    'no index at all': [],
    'one left out': [row(1, {})],
  };
  for (const [what, index] of Object.entries(indexes)) {
    using profile = openProfile(file(t, frames({ blocks, footer: { blocks: index } })));
    t.deepEqual([...readEvents(profile)], eventsOf(blocks), what);
  }
  // What says it is another block than is there cannot be trusted either way.
  using profile = openProfile(
    file(t, frames({ blocks, footer: { blocks: [row(0, { seq: 4 }), row(1, {})] } })),
  );
  t.deepEqual([...readEvents(profile)], eventsOf(blocks.slice(1)));
  t.regex(profile.damage[0]!.reason, /not the block in the index/);
  t.false(profile.complete);
});

test('a footer without an index, as of a very long recording, will do', (t) => {
  const parts = frames({ blocks: BLOCKS, footer: null });
  const { names, ...header } = headerValue();
  const body = {
    header: { ...header, names: names! },
    ended: 'signal',
    elapsed_ns: 1,
    counts: {},
    first_ns: 0,
    last_ns: 0,
  };
  using profile = openProfile(file(t, [...parts, frame('MBFT', pack(body))]));
  t.is(profile.footer?.blocks, null);
  t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS));
  t.true(profile.complete);
});

test('blocks the footer knows of and holes in the numbers are missing', (t) => {
  const parts = frames({ blocks: [...BLOCKS, { worker: 1, seq: 3, events: burst(1, 20) }] });
  const without = (...at: number[]) =>
    file(
      t,
      parts.filter((_, i) => !at.includes(i)),
    );
  {
    using profile = openProfile(without(2, 5));
    // Without a footer, only a hole can be told.
    t.deepEqual(profile.missing(), [
      { worker: 1, seq: 0 },
      { worker: 1, seq: 1 },
      { worker: 1, seq: 2 },
    ]);
  }
  using profile = openProfile(without(3));
  t.deepEqual(profile.missing(), [
    { worker: 0, seq: 1 },
    { worker: 1, seq: 1 },
    { worker: 1, seq: 2 },
  ]);
  t.false(profile.complete);
});

test('a hole of a trillion blocks is told without listing it', (t) => {
  const blocks = [{ worker: 0, seq: 1e12, events: burst(0, 0) }];
  using profile = openProfile(file(t, frames({ blocks })));
  t.is(profile.missing().length, 100_000);
});

test('a second block of the same name, and one of another recording, are left out', (t) => {
  const stranger = { override: { run: Buffer.alloc(16, 1) } };
  for (const blocks of [
    [BLOCKS[0]!, BLOCKS[0]!],
    [BLOCKS[0]!, { ...BLOCKS[1]!, options: stranger }],
  ]) {
    for (const footer of [{}, null]) {
      using profile = openProfile(file(t, frames({ blocks, footer })));
      t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS.slice(0, 1)));
      t.is(profile.damage.length, 1);
    }
  }
});

test('where the header is damaged, that in the footer serves', (t) => {
  const parts = frames({ blocks: BLOCKS });
  parts[0]![100]! ^= 1;
  using profile = openProfile(file(t, parts));
  t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS));
  t.deepEqual(
    profile.damage.map(({ offset, bytes }) => ({ offset, bytes })),
    [{ offset: 0, bytes: parts[0]!.length }],
  );
});

test('frames of a kind and keys of a name not known yet are passed over', (t) => {
  const [header, ...rest] = frames({
    blocks: [{ ...BLOCKS[0]!, options: { override: { later: 'x' } } }],
    footer: null,
  });
  using profile = openProfile(file(t, [header!, frame('MBXX', pack({ any: 'thing' })), ...rest]));
  t.deepEqual([...readEvents(profile)], eventsOf(BLOCKS.slice(0, 1)));
  t.deepEqual(profile.damage, []);
});

test('a block without events, with connections only, is no event', (t) => {
  const conns = [{ conn: 1, kind: 'open_syn', time: 5n, client: 1n, server: 2n, port: 11211 }];
  using profile = openProfile(
    file(t, frames({ blocks: [{ worker: 0, seq: 0, events: [], options: { conns } }] })),
  );
  t.deepEqual([...readEvents(profile)], []);
  t.is([...profile.readBlocks()][0]!.conns, 1);
  t.true(profile.complete);
});

for (const [what, bytes, message] of [
  ['empty', Buffer.alloc(0), /it is empty/],
  [
    'a capture',
    Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'),
    /does not start like a profile/,
  ],
  ['text', Buffer.from('hello\n'.repeat(1000)), /does not start like a profile/],
  [
    'a profile of version 3',
    Buffer.concat(frames({ header: { version: 3 }, blocks: [] })),
    /version 3.*up to 2/,
  ],
  ['something else of that shape', frame('MBHD', pack(headerValue({ format: 'x' }))), /another format/],
  ['a header that makes no sense', frame('MBHD', pack(headerValue({ names: 3 }))), /names is not a map/],
  ['a header with a strange unit', frame('MBHD', pack(headerValue({ unit: 7 }))), /unit of 7 ns/],
  ['a header that is no map', frame('MBHD', pack([1, 2])), /not a map/],
  ['a header that is no msgpack', frame('MBHD', Buffer.from([0x81])), /not msgpack/],
  ['a block without a header', frame('MBBK', blockBody(0, 0, [])), /does not start like a profile/],
] as const) {
  test(`a file that is no profile is refused: ${what}`, (t) => {
    const path = file(t, bytes);
    const error = t.throws(() => openProfile(path), { instanceOf: MembenchError, message });
    t.is(error.code, 'ERR_MEMBENCH_NOT_A_PROFILE');
    t.true(error.message.startsWith(`${path}: `));
  });
}

test('a path that cannot be opened is told by its cause', (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'file'), '');
  execFileSync('mkfifo', [join(path, 'pipe')]);
  for (const [name, message] of [
    ['none', /there is no such file/],
    ['file/none', /not a folder/],
    ['.', /it is a directory/],
    ['pipe', /not a regular file/],
  ] as const) {
    const error = t.throws(() => openProfile(join(path, name)), { instanceOf: MembenchError, message });
    t.is(error.code, 'ERR_MEMBENCH_PROFILE_READ');
  }
});
