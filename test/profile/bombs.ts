/**
 * Profiles of right checksums made to exhaust whoever reads them, each with what it is to end in: an error,
 * or damage that costs nothing but itself.
 */
import {
  type BlockOptions,
  blockBody,
  frame,
  frames,
  headerValue,
  NAMES,
  pack,
  type TestEvent,
  varint,
  zigzag,
} from './support.js';

export interface Bomb {
  /** How it is to end: every reader refuses the file, passes over what is bad, or reads it. */
  ends: 'refused' | 'passed over' | 'read';
  bytes(): Buffer;
  /** Events analysis counts, where it does not look at what is wrong. */
  analyzed?: number;
}

const HEADER = frame('MBHD', pack(headerValue()));
const GOOD: TestEvent = { worker: 1, conn: 0, time: 5n, ordinal: 0, op: 'get', status: 'hit' };
/** A block that must be read whatever stands before it. */
const GOOD_BLOCK = frame('MBBK', blockBody(1, 0, [GOOD]));

const MIB = 1024 * 1024;
/** Leaves room in a body for what must stand around it. */
const NEARLY_ALL = 15 * MIB;

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const declared = (type: number, size: number) => Buffer.concat([Buffer.of(type), u32(size)]);
const ARRAY = 0xdd;
const MAP = 0xdf;
const TEXT = 0xdb;
const BYTES = 0xc6;

/** A frame whose body these bytes are, before a good block. */
const framed = (magic: string, body: Uint8Array) => Buffer.concat([HEADER, frame(magic, body), GOOD_BLOCK]);

/** A block of which one entry has a value given as msgpack. */
function blockWith(key: string, value: Uint8Array): Buffer {
  const body = blockBody(0, 0, [{ ...GOOD, worker: 0 }]);
  const name = pack(key);
  const at = body.indexOf(name);
  if (at < 0) throw new Error(`no ${key}`);
  // The new entry stands before the old one, which goes under another name of the same length.
  const old = Buffer.from(body);
  old.write('~'.repeat(key.length), at + 2, 'latin1');
  const entries = old.readUInt32BE(1) + 1;
  return framed('MBBK', Buffer.concat([declared(MAP, entries), name, value, old.subarray(5)]));
}

/** A block of one worker with columns given as bytes and the rows they are said to have. */
function columns(given: Record<string, Buffer>, override: BlockOptions['override'], event = GOOD): Buffer {
  return framed('MBBK', blockBody(0, 0, [{ ...event, worker: 0 }], { columns: given, override: override! }));
}

const many = (count: number, of: (i: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => of(i)));

/** Columns of so many events that are all alike but for what is given. */
function rows(
  count: number,
  given: Record<string, Buffer>,
  override: BlockOptions['override'] = {},
  event = GOOD,
) {
  const zeros = Buffer.alloc(count);
  return columns(
    { shape: zeros, time: zeros, ordinal: zeros, conn: zeros, ...given },
    { events: count, requests: count, counts: { events: count }, ...override },
    event,
  );
}

const header = (override: Parameters<typeof headerValue>[0]) =>
  Buffer.concat([frame('MBHD', pack(headerValue(override))), GOOD_BLOCK]);

const KEY = { hash: 1n, size: 1 };

export const BOMBS: Record<string, Bomb> = {
  'arrays 16 million deep': {
    ends: 'passed over',
    bytes: () => framed('MBBK', Buffer.alloc(NEARLY_ALL, 0x91)),
  },
  'maps 5 million deep': {
    ends: 'passed over',
    bytes: () => framed('MBNT', Buffer.alloc(NEARLY_ALL, Buffer.of(0x81, 0xa1, 0x61))),
  },
  'deep within an entry of a later version': {
    ends: 'passed over',
    bytes: () => blockWith('counts', Buffer.concat([Buffer.alloc(NEARLY_ALL, 0x91), Buffer.of(0xc0)])),
  },
  'an array of four billion': {
    ends: 'passed over',
    bytes: () => blockWith('shapes', declared(ARRAY, 2 ** 32 - 1)),
  },
  'an array of 16 million, each of 16 million': {
    ends: 'passed over',
    bytes: () => blockWith('shapes', Buffer.alloc(NEARLY_ALL, declared(ARRAY, 2 ** 24))),
  },
  'a map of four billion': {
    ends: 'passed over',
    bytes: () => blockWith('counts', declared(MAP, 2 ** 32 - 1)),
  },
  'a text of four billion': {
    ends: 'passed over',
    bytes: () => blockWith('counts', declared(TEXT, 2 ** 32 - 1)),
  },
  'bytes of four billion': {
    ends: 'passed over',
    bytes: () => blockWith('run', declared(BYTES, 2 ** 32 - 1)),
  },
  'two million shapes of nothing': {
    ends: 'passed over',
    bytes: () => blockWith('shapes', Buffer.concat([declared(ARRAY, 2 * MIB), Buffer.alloc(2 * MIB, 0xc0)])),
  },
  'fifteen million numbers': {
    ends: 'passed over',
    bytes: () => blockWith('shapes', Buffer.concat([declared(ARRAY, NEARLY_ALL), Buffer.alloc(NEARLY_ALL)])),
  },
  '15 million maps of nothing': {
    ends: 'passed over',
    bytes: () =>
      blockWith('shapes', Buffer.concat([declared(ARRAY, NEARLY_ALL), Buffer.alloc(NEARLY_ALL, 0x80)])),
  },
  'two million counters': {
    ends: 'passed over',
    bytes: () =>
      blockWith(
        'counts',
        Buffer.concat([
          declared(MAP, 2_000_000),
          many(2_000_000, (i) =>
            Buffer.concat([Buffer.of(0xa5), Buffer.from(i.toString(36).padStart(5, 'a')), Buffer.of(1)]),
          ),
        ]),
      ),
  },
  'a number of 16 million bytes': {
    ends: 'passed over',
    bytes: () =>
      blockWith(
        'base_time',
        Buffer.concat([declared(0xc9, NEARLY_ALL), Buffer.of(0x42), Buffer.alloc(NEARLY_ALL, 1)]),
      ),
  },
  'an extension that is a regular expression': {
    ends: 'passed over',
    bytes: () => blockWith('counts', Buffer.from('c70a7892a4282b2b2ba167', 'hex')),
  },
  'a million names of marks': {
    ends: 'refused',
    bytes: () => header({ names: { ...NAMES, mark: Array.from({ length: 1_000_000 }, () => 'x') } }),
  },
  'more names of operations than there may be': {
    ends: 'refused',
    bytes: () => header({ names: { ...NAMES, op: Array.from({ length: 257 }, (_, i) => `op${i}`) } }),
  },
  'a name that steers the terminal': {
    ends: 'refused',
    bytes: () => header({ names: { ...NAMES, op: ['\x1b[2J', ...NAMES.op] } }),
  },
  'a name that is no name': {
    ends: 'refused',
    bytes: () => header({ names: { ...NAMES, status: ['', ...NAMES.status] } }),
  },
  'a column of endless numbers': {
    ends: 'passed over',
    bytes: () => columns({ conn: Buffer.alloc(NEARLY_ALL, 0xff) }, {}),
  },
  'a number of eleven bytes': {
    ends: 'passed over',
    bytes: () =>
      columns({ latency: Buffer.from('8080808080808080808001', 'hex') }, {}, { ...GOOD, latency: 1n }),
  },
  'a column without an end': { ends: 'passed over', bytes: () => columns({ conn: Buffer.of(0x80) }, {}) },
  'more in a column than its rows': {
    ends: 'passed over',
    bytes: () => columns({ conn: Buffer.of(0, 0) }, {}),
  },
  'a shape that is not in the table': {
    ends: 'passed over',
    bytes: () => columns({ shape: Buffer.of(1) }, {}),
  },
  'a key that is not in the dictionary': {
    ends: 'passed over',
    bytes: () => columns({ key: varint(2n ** 32n - 1n) }, {}, { ...GOOD, key: KEY }),
  },
  'columns that are longer than the payload': {
    ends: 'passed over',
    bytes: () => columns({}, { columns: [['shape', 2 ** 40]] }),
  },
  'a column twice': {
    ends: 'passed over',
    bytes: () =>
      columns(
        {},
        {
          columns: [
            ['shape', 1],
            ['shape', 1],
            ['ordinal', 1],
            ['conn', 1],
          ],
        },
      ),
  },
  ...Object.fromEntries(
    ['events', 'keys', 'conns', 'requests'].flatMap((rowsOf) =>
      [2 ** 31, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER].map((number) => [
        `${number} ${rowsOf}`,
        { ends: 'passed over', bytes: () => columns({}, { [rowsOf]: number }) } satisfies Bomb,
      ]),
    ),
  ),
  'three million rows in one block': { ends: 'passed over', bytes: () => rows(3_000_000, {}) },
  'a million rows of wide columns': {
    ends: 'read',
    bytes: () =>
      rows(
        2 ** 20,
        Object.fromEntries(['flags', 'ttl', 'delta'].map((name) => [name, Buffer.alloc(2 ** 20)])),
        {},
        { ...GOOD, flags: 0n, ttl: 0n, delta: 0n },
      ),
  },
  'a block and a worker of the highest number': {
    ends: 'read',
    bytes: () => columns({}, { worker: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }),
  },
  '200,000 connections of numbers far apart': {
    ends: 'read',
    bytes: () => rows(200_000, { conn: many(200_000, (i) => varint(BigInt(i) * 21_001n)) }),
  },
  '200,000 keys of one half hash': {
    ends: 'read',
    bytes: () =>
      rows(
        200_000,
        {
          key: many(200_000, (i) => varint(BigInt(i))),
          key_hash: many(200_000, (i) => Buffer.concat([Buffer.alloc(4), u32(i)])),
          key_size: Buffer.alloc(200_000, 1),
        },
        { keys: 200_000 },
        { ...GOOD, key: KEY },
      ),
  },
  '200,000 keys whose other half is alike': {
    ends: 'read',
    bytes: () =>
      rows(
        200_000,
        {
          key: many(200_000, (i) => varint(BigInt(i))),
          // Little-endian: the lower bits of the lower half are those that stay.
          key_hash: many(200_000, (i) =>
            Buffer.concat([Buffer.alloc(1), u32(i).subarray(1), Buffer.alloc(4)]),
          ),
          key_size: Buffer.alloc(200_000, 1),
        },
        { keys: 200_000 },
        { ...GOOD, key: KEY },
      ),
  },
  'every operation there may be, with figures of its own': {
    ends: 'read',
    bytes: () => {
      const op = Array.from({ length: 256 }, (_, i) => `op${i}`);
      const shapes = op.map((_, i) => [i, 0, 0, 0, 0, 0, 0, (2 ** 3) | (2 ** 4), 0]);
      const column = Buffer.alloc(256);
      const body = blockBody(0, 0, [{ ...GOOD, worker: 0 }], {
        columns: {
          shape: many(256, (i) => varint(BigInt(i))),
          time: column,
          ordinal: column,
          conn: column,
          value_size: column,
          latency: column,
        },
        override: { events: 256, requests: 256, shapes, counts: { events: 256 } },
      });
      return Buffer.concat([
        frame('MBHD', pack(headerValue({ names: { ...NAMES, op } }))),
        frame('MBBK', body),
        GOOD_BLOCK,
      ]);
    },
  },
  'counters that are properties of objects': {
    ends: 'passed over',
    bytes: () => columns({}, { counts: { constructor: 1, __proto__x: 1 } }),
  },
  'a counter called constructor': { ends: 'read', bytes: () => columns({}, { counts: { constructor: 1 } }) },
  'times that run over': {
    ends: 'passed over',
    analyzed: 2,
    bytes: () => columns({ time: zigzag(-(2n ** 63n)) }, {}),
  },
  'a file of what looks like frames of 16 MiB': {
    ends: 'passed over',
    bytes: () => {
      // Each is as long as it says, and ends as it should, but for the checksum.
      const head = Buffer.concat([Buffer.from([0x93, 0xa4]), Buffer.from('MBBK'), Buffer.of(0xc6)]);
      const period = Buffer.concat([head, u32(12 * 1_200_000), Buffer.of(0xce)]);
      return Buffer.concat([HEADER, GOOD_BLOCK, Buffer.alloc(period.length * 2_500_000, period)]);
    },
  },
  '80,000 frames of no known kind': {
    ends: 'read',
    bytes: () => {
      const one = frame('MBXX', Buffer.alloc(0));
      return Buffer.concat([HEADER, Buffer.alloc(one.length * 80_000, one), GOOD_BLOCK]);
    },
  },
  '64,000 stretches of rubbish': {
    ends: 'passed over',
    bytes: () => {
      const one = Buffer.concat([frame('MBNT', Buffer.alloc(0)), Buffer.of(0)]);
      return Buffer.concat([HEADER, Buffer.alloc(one.length * 64_000, one), GOOD_BLOCK]);
    },
  },
  '110,000 notes': {
    ends: 'passed over',
    bytes: () => {
      const note = frame('MBNT', pack({ run: headerValue().run!, at_ns: 1, what: 'interface down' }));
      return Buffer.concat([HEADER, Buffer.alloc(note.length * 110_000, note), GOOD_BLOCK]);
    },
  },
  'fifty headers of 2 MB': {
    ends: 'read',
    bytes: () => {
      const more = Array.from({ length: 300_000 }, () => [1]);
      const one = frame('MBHD', pack(headerValue({ more })));
      return Buffer.concat([HEADER, GOOD_BLOCK, Buffer.alloc(one.length * 50, one)]);
    },
  },
  'a list of blocks without end': {
    ends: 'passed over',
    bytes: () => {
      const footer = {
        header: headerValue(),
        ended: 'signal',
        elapsed_ns: 1,
        counts: {},
        first_ns: 0,
        last_ns: 0,
        blocks: Array.from({ length: 100_000 }, (_, i) => [i, 1, i, 2 ** 40, 1, 1, 1]),
      };
      return Buffer.concat([HEADER, GOOD_BLOCK, frame('MBFT', pack(footer))]);
    },
  },
};

/** Lengths a frame's head may lie about. */
export const LENGTHS = [0, 1, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** A profile whose first block declares another length than it has. */
export function lyingLength(length: number): Buffer {
  const [head, first, ...rest] = frames({
    blocks: [
      { worker: 0, seq: 0, events: [{ ...GOOD, worker: 0 }] },
      { worker: 1, seq: 0, events: [GOOD] },
    ],
  });
  const lying = Buffer.from(first!);
  lying.writeUInt32BE(length, 7);
  return Buffer.concat([head!, lying, ...rest]);
}
