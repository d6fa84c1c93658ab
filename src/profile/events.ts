import type { CacheEvent } from '../event/event.js';
import { bitNames, exact, flagLetters, hashText } from '../event/values.js';
import type { Mark, Op, Proto, Status, Transport } from '../layout/generated.js';
import type { Block } from './decode-block.js';
import type { Names } from './header.js';
import type { BlockEntry, ProfileReader } from './reader.js';
import { RareColumns, readRows } from './rows.js';

/** An event with what orders it; connection and request are numbered only when its turn comes. */
interface Row {
  /** Units since 1970 less the profile's base, exact as a double. */
  time: number;
  ordinal: number;
  worker: number;
  conn: number;
  sub: number;
  keyIndex: number;
  event: CacheEvent;
}

/** The total order of FORMAT.md. */
function compare(a: Row, b: Row): number {
  return (
    a.time - b.time ||
    a.ordinal - b.ordinal ||
    a.worker - b.worker ||
    a.conn - b.conn ||
    a.sub - b.sub ||
    a.keyIndex - b.keyIndex
  );
}

function loadRows(block: Block, names: Names, base: bigint): Row[] {
  const rows = readRows(block, names);
  const rare = new RareColumns(block, names);
  const unit = BigInt(block.unit);
  const firstTime = Number(block.baseTime - base);
  const firstOrdinal = Number(block.baseOrdinal);
  const keys = Array.from(rows.keySizes, (_, i) =>
    hashText((BigInt(rows.hashes[i * 2 + 1]!) << 32n) | BigInt(rows.hashes[i * 2]!)),
  );
  const shapes = block.shapes.map((shape) => ({
    proto: names.proto[shape.proto] as Proto,
    transport: names.transport[shape.transport] as Transport,
    op: names.op[shape.op] as Op,
    status: names.status[shape.status] as Status,
    mode: shape.mode === 0 ? null : names.mode[shape.mode]!,
    traits: new Set(bitNames(shape.traits, names.trait)),
    marks: bitNames(shape.marks, names.mark) as Mark[],
    metaFlags: flagLetters(shape.metaFlags),
  }));
  const number = (value: number) => (Number.isNaN(value) ? null : value);
  const out: Row[] = new Array(block.events);
  for (let i = 0; i < out.length; i++) {
    const shape = shapes[rows.shape[i]!]!;
    const values = rare.next(rows.shape[i]!);
    const key = rows.key[i]!;
    const time = firstTime + rows.time[i]!;
    const latency = rows.latency[i]!;
    const event: CacheEvent = {
      ts_ns: ((base + BigInt(time)) * unit).toString(),
      conn: 0,
      request: 0,
      proto: shape.proto,
      transport: shape.transport,
      op: shape.op,
      key: key < 0 ? null : keys[key]!,
      key_size: key < 0 ? null : rows.keySizes[key]!,
      value_size: number(rows.valueSize[i]!),
      mode: shape.mode,
      flags: values.flags === null ? null : exact(values.flags),
      ttl: values.ttl === null ? null : exact(values.ttl),
      delta: values.delta === null ? null : exact(values.delta),
      cas: shape.traits.has('cas'),
      quiet: shape.traits.has('quiet'),
      status: shape.status,
      latency_ns: Number.isNaN(latency) ? null : latency * block.unit,
    };
    if (shape.metaFlags) event.meta_flags = shape.metaFlags;
    if (shape.marks.length) event.marks = shape.marks;
    if (values.initial !== null) event.initial = exact(values.initial);
    if (values.casNew !== null) event.cas_new = exact(values.casNew);
    if (values.vivify !== null) event.vivify = exact(values.vivify);
    if (values.recache !== null) event.recache = exact(values.recache);
    if (values.ttlLeft !== null) event.ttl_left = exact(values.ttlLeft);
    out[i] = {
      time,
      ordinal: firstOrdinal + rows.ordinal[i]!,
      worker: block.worker,
      conn: rows.conn[i]!,
      sub: rows.sub[i]!,
      keyIndex: rows.keyIndex[i]!,
      event,
    };
  }
  return out.sort(compare);
}

/** Sorted rows of one block, and how far they are consumed. */
interface Run {
  rows: Row[];
  at: number;
}

/**
 * Every event in the total order, connections and requests numbered by first appearance. Holds only the
 * blocks whose time ranges overlap where it stands.
 *
 * @throws BlockError where a block is damaged in a way its checksum does not show
 */
export function* readEvents(reader: ProfileReader): Generator<CacheEvent> {
  const { names } = reader.header;
  const unit = BigInt(reader.header.unit);
  const entries = reader.blocks.filter((entry) => entry.events > 0).sort(byStart);
  const base = (entries[0]?.minNs ?? 0n) / unit;
  const conns = new Map<string, number>();
  let request = -1;
  let last: Row | undefined;
  let runs: Run[] = [];
  let next = 0;
  for (;;) {
    let first = earliest(runs);
    // A block not yet loaded may start at or before the earliest row at hand.
    while (next < entries.length) {
      const entry = entries[next]!;
      if (first !== undefined && Number(entry.minNs / unit - base) > first.rows[first.at]!.time) break;
      next++;
      runs.push({ rows: loadRows(reader.block(entry), names, base), at: 0 });
      first = earliest(runs);
    }
    if (first === undefined) return;
    const row = first.rows[first.at++]!;
    if (first.at === first.rows.length) runs = runs.filter((run) => run !== first);
    const key = `${row.worker}/${row.conn}`;
    let conn = conns.get(key);
    if (conn === undefined) {
      conn = conns.size;
      conns.set(key, conn);
    }
    const same =
      last !== undefined &&
      last.sub === row.sub &&
      last.ordinal === row.ordinal &&
      last.conn === row.conn &&
      last.worker === row.worker &&
      last.time === row.time;
    if (!same) request++;
    last = row;
    row.event.conn = conn;
    row.event.request = request;
    yield row.event;
  }
}

function byStart(a: BlockEntry, b: BlockEntry): number {
  return a.minNs < b.minNs ? -1 : a.minNs > b.minNs ? 1 : a.worker - b.worker || a.seq - b.seq;
}

/** The run whose next row comes first. There are about as many runs as workers: looking at all is quick. */
function earliest(runs: readonly Run[]): Run | undefined {
  let best: Run | undefined;
  for (const run of runs) {
    if (best === undefined || compare(run.rows[run.at]!, best.rows[best.at]!) < 0) best = run;
  }
  return best;
}
