import fc from 'fast-check';
import { type BlockSpec, NAMES, type TestEvent } from './support.js';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Mostly what is seen, sometimes the most a column takes. */
const size = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff }));

/** Few keys that come often, and any others; equal hashes are equal keys, so they have equal sizes. */
const key = fc
  .oneof(fc.bigInt({ min: 1n, max: 9n }), uint64)
  .map((hash) => ({ hash, size: Number(hash % 251n) }));

/** What the keys of one request share, and its keys. */
const request = fc.record(
  {
    worker: fc.nat(2),
    conn: fc.oneof(fc.nat(5), fc.nat(0xffffffff)),
    op: fc.constantFrom(...NAMES.op),
    status: fc.constantFrom(...NAMES.status),
    keys: fc.array(key, { minLength: 1, maxLength: 4 }),
    proto: fc.constantFrom(...NAMES.proto),
    transport: fc.constantFrom(...NAMES.transport),
    mode: fc.constantFrom(...NAMES.mode),
    marks: fc.subarray(NAMES.mark),
    traits: fc.subarray(NAMES.trait),
    metaFlags: fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }),
    value_size: size,
    latency: fc.bigInt({ min: 0n, max: 2n ** 40n }),
    flags: uint64,
    delta: uint64,
    initial: uint64,
    cas_new: uint64,
    ttl: int64,
    vivify: int64,
    recache: int64,
    ttl_left: int64,
    opaque: uint64,
  },
  { requiredKeys: ['worker', 'conn', 'op', 'status', 'keys'] },
);

/** Flags stand in a column or in the shape. */
const requestWithFlags = fc
  .tuple(request, fc.boolean())
  .map(([{ flags, ...rest }, shared]) =>
    flags === undefined ? rest : { ...rest, [shared ? 'shape_flags' : 'flags']: flags },
  );

/** Times of a stretch of traffic, and now and then of a clock that jumped. */
const time = fc.oneof(
  { arbitrary: fc.bigInt({ min: 1_700_000_000_000_000n, max: 1_700_000_000_000_050n }), weight: 9 },
  { arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n / 1000n - 1n }), weight: 1 },
);

/**
 * Events as workers complete them: in any order, the keys of a request in a row, every request with a
 * place of its own in the total order.
 */
export const events: fc.Arbitrary<TestEvent[]> = fc
  .array(fc.record({ request: requestWithFlags, time, withKey: fc.boolean() }), { maxLength: 40 })
  .chain((found) =>
    fc.shuffledSubarray([...found.keys()], { minLength: found.length }).map((ordinals) =>
      found.flatMap(({ request: { keys, ...shared }, time, withKey }, i): TestEvent[] => {
        // Two requests in one packet: the same place but for `sub`.
        const pair = i % 5 === 4 && found[i - 1]!.request.worker === shared.worker;
        const before = found[i - 1];
        const place = pair
          ? { time: before!.time, ordinal: ordinals[i - 1]!, conn: before!.request.conn, sub: 1 }
          : { time, ordinal: ordinals[i]! };
        if (!withKey) return [{ ...shared, ...place }];
        return keys.map((key, index) => ({
          ...shared,
          ...place,
          key,
          ...(index > 0 && { key_index: index }),
        }));
      }),
    ),
  );

/** Events cut into blocks: each worker's in order, of any size, empty ones among them. */
export const blocks: fc.Arbitrary<{ events: TestEvent[]; blocks: BlockSpec[] }> = fc
  .tuple(
    events,
    fc.array(fc.nat(6), { minLength: 1, maxLength: 20 }),
    fc.record({ repeat: fc.constantFrom(1, 2, 1000) }),
  )
  .map(([all, sizes, options]) => {
    const specs: BlockSpec[] = [];
    for (let worker = 0; worker < 3; worker++) {
      const own = all.filter((event) => event.worker === worker);
      for (let at = 0, seq = 0; at < own.length; seq++) {
        const length = seq > 50 ? own.length : sizes[seq % sizes.length]!;
        specs.push({ worker, seq, events: own.slice(at, at + length), options });
        at += length;
      }
    }
    return { events: all, blocks: specs };
  });
