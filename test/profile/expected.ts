import type { CacheEvent } from 'membench/profile';
import { NAMES, type TestEvent } from './support.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** A number, or its digits where a double cannot hold it. */
function exact(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function compare(a: TestEvent, b: TestEvent): number {
  const [one, other] = [a, b].map((e) => [
    e.time,
    BigInt(e.ordinal),
    BigInt(e.worker),
    BigInt(e.conn),
    BigInt(e.sub ?? 0),
    BigInt(e.key_index ?? 0),
  ]);
  for (const [i, value] of one!.entries()) {
    if (value !== other![i]!) return value < other![i]! ? -1 : 1;
  }
  return 0;
}

/** What a reader must make of events: FORMAT.md's order and numbering, by sorting everything. */
export function expectedEvents(events: readonly TestEvent[], unit = 1000n): CacheEvent[] {
  const conns: string[] = [];
  const requests: string[] = [];
  const numberIn = (list: string[], name: string) => {
    if (!list.includes(name)) list.push(name);
    return list.indexOf(name);
  };
  return [...events].sort(compare).map((event) => {
    const flags = event.flags ?? event.shape_flags;
    const out: Partial<CacheEvent> = {
      ts_ns: String(event.time * unit),
      conn: numberIn(conns, `${event.worker} ${event.conn}`),
      request: numberIn(
        requests,
        `${event.time} ${event.ordinal} ${event.worker} ${event.conn} ${event.sub ?? 0}`,
      ),
      proto: (event.proto ?? 'text') as CacheEvent['proto'],
      transport: (event.transport ?? 'tcp') as CacheEvent['transport'],
      op: event.op as CacheEvent['op'],
      key: event.key ? event.key.hash.toString(16).padStart(16, '0') : null,
      key_size: event.key?.size ?? null,
      value_size: event.value_size ?? null,
      mode: event.mode === undefined || event.mode === 'none' ? null : event.mode,
      flags: flags === undefined ? null : exact(flags),
      ttl: event.ttl === undefined ? null : exact(event.ttl),
      delta: event.delta === undefined ? null : exact(event.delta),
      cas: event.traits?.includes('cas') ?? false,
      quiet: event.traits?.includes('quiet') ?? false,
      status: event.status as CacheEvent['status'],
      latency_ns: event.latency === undefined ? null : Number(event.latency * unit),
    };
    const letters = [...LETTERS].filter((_, bit) => ((event.metaFlags ?? 0n) >> BigInt(bit)) & 1n);
    if (letters.length > 0) out.meta_flags = letters.join('');
    const marks = NAMES.mark.filter((mark) => event.marks?.includes(mark));
    if (marks.length > 0) out.marks = marks as NonNullable<CacheEvent['marks']>;
    for (const name of ['initial', 'cas_new', 'vivify', 'recache', 'ttl_left'] as const) {
      const value = event[name];
      if (value !== undefined) out[name] = exact(value);
    }
    return out as CacheEvent;
  });
}
