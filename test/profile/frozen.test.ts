import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type CacheEvent, openProfile, readEvents, verifyProfile } from 'membench/profile';
import { keyText } from '../reference/siphash.js';
import { membench } from '../support/cli.js';
import { ascii, START } from '../support/conversation.js';
import { KEY, recordExample, recordFrozen } from './frozen.js';
import { file, frame, frames, NAMES, type ProfileSpec, pack, type TestEvent } from './support.js';

/** An event as the conversation tells it: µs after the first packet, connection, command, key, outcome. */
type Told = [
  at: number,
  conn: number,
  request: number,
  op: string,
  key: string | null,
  status: string,
  more: Partial<CacheEvent>,
];

const FOO = { value_size: 3, flags: 5 };

/** Packet n of a connection is at 10 n µs; the handshake takes three, so requests are at 30, 50, 70 … */
const EXAMPLE: Told[] = [
  [30, 0, 0, 'set', 'foo', 'stored', { ...FOO, ttl: 60 }],
  [50, 0, 1, 'get', 'foo', 'hit', FOO],
  [50, 0, 1, 'get', 'nope', 'miss', {}],
];

/** The second connection is 5 µs behind the first. */
const BOTH: Told[] = [
  [30, 0, 0, 'set', 'foo', 'stored', { ...FOO, ttl: 60 }],
  [35, 1, 1, 'ms', 'bin', 'stored', { value_size: 2, flags: 9, ttl: 30, meta_flags: 'FT' }],
  [50, 0, 2, 'get', 'foo', 'hit', FOO],
  [50, 0, 2, 'get', 'nope', 'miss', {}],
  [55, 1, 3, 'mg', 'bin', 'hit', { value_size: 2, flags: 9, ttl_left: 29, meta_flags: 'fktvO' }],
  [70, 0, 4, 'gets', 'foo', 'hit', FOO],
  // Proven by the answer to the request behind it, so it has no time of its own.
  [75, 1, 5, 'mg', 'none', 'miss', { quiet: true, latency_ns: null, meta_flags: 'qv' }],
  [75, 1, 6, 'get', 'gone', 'miss', {}],
  [90, 0, 7, 'cas', 'foo', 'exists', { value_size: 1, flags: 0, ttl: 0, cas: true }],
  [95, 1, 8, 'ma', 'cnt', 'value', { delta: 3, initial: 10, vivify: 60, meta_flags: 'vDJN' }],
  [110, 0, 9, 'incr', 'n', 'value', { delta: 2 }],
  [115, 1, 10, 'md', 'bin', 'deleted', { mode: 'invalidate', ttl: 10, meta_flags: 'IT' }],
  [130, 0, 11, 'touch', 'foo', 'touched', { ttl: 0 }],
  [135, 1, 12, 'get', 'lost', 'unanswered', { latency_ns: null }],
  [150, 0, 13, 'delete', 'foo', 'silent', { quiet: true, latency_ns: null }],
  [150, 0, 14, 'version', null, 'ok', {}],
];

/** The same with every field of `cat`. */
function events(told: readonly Told[]): CacheEvent[] {
  return told.map(
    ([at, conn, request, op, key, status, more]) =>
      ({
        ts_ns: String(START + BigInt(at) * 1000n),
        conn,
        request,
        proto: /^m[a-z]$/.test(op) ? 'meta' : 'text',
        transport: 'tcp',
        op,
        key: key === null ? null : keyText(KEY, ascii(key)),
        key_size: key === null ? null : key.length,
        value_size: null,
        mode: null,
        flags: null,
        ttl: null,
        delta: null,
        cas: false,
        quiet: false,
        status,
        // Every answer is the packet after its request.
        latency_ns: 10_000,
        ...more,
      }) as CacheEvent,
  );
}

const ndjson = (name: string) =>
  readFileSync(`test/fixtures/${name}.ndjson`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CacheEvent);

function readsAsFrozen(t: ExecutionContext, version: number, name: string, told: readonly Told[]): void {
  const path = `test/fixtures/${name}.mbp`;
  t.deepEqual(ndjson(name), events(told));
  {
    using profile = openProfile(path);
    t.is(profile.header.version, version);
    t.deepEqual([...readEvents(profile)], events(told));
    t.true(profile.complete);
    t.deepEqual(profile.damage, []);
  }
  t.deepEqual(verifyProfile(path).problems, []);
  const { code, stdout, stderr } = membench(['cat', path]);
  t.deepEqual([code, stderr], [0, '']);
  t.is(stdout, readFileSync(`test/fixtures/${name}.ndjson`, 'utf8'));
}

for (const version of [1, 2]) {
  test(`the frozen profile of version ${version} is read as it was when it was frozen`, (t) => {
    readsAsFrozen(t, version, `v${version}`, BOTH);
    using profile = openProfile(`test/fixtures/v${version}.mbp`);
    t.deepEqual([...new Set(profile.blocks.map(({ worker }) => worker))].sort(), [0, 1]);
    t.is(profile.header.run, 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
    t.like(profile.footer, { ended: 'end of source', elapsedNs: 1_000_000n, firstNs: START });
    t.like(profile.counts(), {
      events: 16,
      requests: 15,
      answered: 14,
      unanswered: 1,
      lost_worker_failed: 3,
    });
    t.like(profile.losses, [{ worker: 1, reason: 'worker_failed', packets: 3 }]);
    t.like(profile.notes, [{ what: 'worker replaced', atNs: START + 1_000_000n }]);
    const analyzed = membench(['analyze', '--json', `test/fixtures/v${version}.mbp`]);
    t.like(JSON.parse(analyzed.stdout), {
      events: 16,
      requests: 15,
      connections: 2,
      complete: true,
      // Six of foo, three of bin, and five others once each.
      keys: { distinct: 8 },
      loss: { lost: { worker_failed: 3 }, missing_blocks: 0 },
    });
  });

  test(`FORMAT.md's example of version ${version} is read as it was when it was frozen`, (t) => {
    readsAsFrozen(t, version, `v${version}-example`, EXAMPLE);
  });
}

test('what this release records of the same captures says the same', (t) => {
  t.deepEqual(recordFrozen().events, events(BOTH));
  t.deepEqual(recordExample().events, events(EXAMPLE));
});

test('what raises no version is passed over: names at the end, keys, columns and frames that are new', (t) => {
  const event: TestEvent = {
    worker: 0,
    conn: 0,
    time: 5n,
    ordinal: 0,
    op: 'get',
    status: 'hit',
    value_size: 3,
  };
  const more = { later: [1, { of: 'any kind' }] };
  const later = Object.fromEntries(Object.entries(NAMES).map(([kind, names]) => [kind, [...names, 'later']]));
  const read = (spec: ProfileSpec, extra: Buffer[] = []) => {
    const [header, ...rest] = frames(spec);
    using profile = openProfile(file(t, [header!, ...extra, ...rest]));
    const events = [...readEvents(profile)];
    t.deepEqual(profile.damage, []);
    return events;
  };
  const plain = read({ blocks: [{ worker: 0, seq: 0, events: [event] }] });
  const options = { override: more, columns: { later: Buffer.of(1, 2, 3) } };
  const newer = read(
    {
      header: { ...more, names: { ...later, a_kind: ['x'] } },
      blocks: [{ worker: 0, seq: 0, events: [event], options }],
      footer: more,
    },
    [frame('MBXX', pack(more))],
  );
  t.is(plain.length, 1);
  t.deepEqual(newer, plain);
});
