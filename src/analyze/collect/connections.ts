import type { ConnColumns } from '../../profile/columns.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { Histogram, type Percentiles } from '../histogram.js';

/** How clients use their connections. */
export interface Connections {
  /** Connections that carried a request. */
  count: number;
  /** Of connections recorded from open to close, milliseconds. */
  life_ms: Percentiles;
  opened: number;
  closed: number;
  /** Requests per connection. */
  requests: Percentiles;
  /** Requests in flight on a connection when one is sent, including that one. */
  pipelining: Percentiles;
  /** Keys per request, of commands that ask for values. */
  keys_per_request: Percentiles;
  /** From one request on a connection to the next. */
  interarrival_ns: Percentiles;
  /** Connections that the figures of single connections are based on: the first CONNS_MAX. */
  told_apart: number;
}

/** Most connections followed one by one; requests on later ones are only counted. */
export const CONNS_MAX = 2 ** 20;
/** Most requests in flight that are counted on one connection. */
const DEPTH_MAX = 1024;

/** One number for each connection, initially 0. */
export class ConnColumn {
  values = new Float64Array(1024);

  /** Makes room for a connection; connections from CONNS_MAX on have none. */
  reach(conn: number): void {
    if (conn < this.values.length) return;
    const values = new Float64Array(Math.min(CONNS_MAX, 2 ** Math.ceil(Math.log2(conn + 1))));
    values.set(this.values);
    this.values = values;
  }
}

export class ConnectionCounter implements Collector {
  readonly #requests = new ConnColumn();
  /** Times of the last request and the last answer, + 1; 0: none. */
  readonly #last = new ConnColumn();
  readonly #answered = new ConnColumn();
  /** Time of opening + 1; 0: not recorded. */
  readonly #opened = new ConnColumn();
  /** Times of the outstanding answers, for connections with several requests in flight. */
  readonly #underWay = new Map<number, number[]>();
  readonly #depth = new Histogram();
  readonly #gaps = new Histogram();
  readonly #lives = new Histogram();
  /** Rows by key index, of commands that ask for values. */
  #places = new Float64Array(64);
  #opens = 0;
  #closes = 0;

  add({ kinds, rows, kind, time, latency, index, connId }: Batch): void {
    const reads = kinds.map(({ act, hasKey }) => act === 'read' && hasKey);
    const has = kinds.map(({ hasLatency }) => hasLatency);
    let places: Float64Array = this.#places;
    for (let i = 0; i < rows; i++) {
      const of = kind[i]!;
      const place = index[i]!;
      if (reads[of]) {
        if (place >= places.length) places = this.#reachPlace(place);
        places[Math.min(place, places.length - 1)]!++;
      }
      if (place !== 0) continue;
      const conn = connId[i]!;
      if (conn >= CONNS_MAX) continue;
      if (conn >= this.#requests.values.length) this.#reach(conn);
      this.#requests.values[conn]!++;
      const now = time[i]!;
      const last = this.#last.values[conn]! - 1;
      if (last >= 0) this.#gaps.record(Math.max(0, now - last));
      this.#last.values[conn] = Math.max(now, last) + 1;
      this.#depth.record(this.#depthAt(conn, now, has[of] ? now + latency[i]! : now));
    }
  }

  #depthAt(conn: number, now: number, answer: number): number {
    const answered = this.#answered.values[conn]!;
    this.#answered.values[conn] = Math.max(answered, answer);
    if (now >= answered) {
      // A connection that no longer pipelines needs no list.
      if (this.#underWay.size > 0) this.#underWay.delete(conn);
      return 1;
    }
    const before = this.#underWay.get(conn) ?? [answered];
    const still = before.filter((time) => time > now);
    if (still.length < DEPTH_MAX) still.push(answer);
    this.#underWay.set(conn, still);
    return still.length;
  }

  /** Takes openings and closings; `times` are nanoseconds since the first event. */
  addRecords({ kind }: ConnColumns, kinds: readonly string[], times: Float64Array, ids: Uint32Array): void {
    for (let i = 0; i < kind.length; i++) {
      const what = kinds[kind[i]!]!;
      const conn = ids[i]!;
      if (what.startsWith('open_')) this.#opens++;
      else this.#closes++;
      if (conn >= CONNS_MAX) continue;
      this.#reach(conn);
      if (what === 'open_syn') this.#opened.values[conn] = times[i]! + 1 || Number.MIN_VALUE;
      // Only FIN and RST end a connection; other records mean that the recording stopped following it.
      else if ((what === 'close_fin' || what === 'close_rst') && this.#opened.values[conn] !== 0) {
        this.#lives.record(Math.max(0, Math.round((times[i]! + 1 - this.#opened.values[conn]!) / 1e6)));
        this.#opened.values[conn] = 0;
      }
    }
  }

  #reach(conn: number): void {
    for (const column of [this.#requests, this.#last, this.#answered, this.#opened]) column.reach(conn);
  }

  #reachPlace(place: number): Float64Array {
    const places = new Float64Array(Math.min(2 ** 20, 2 ** Math.ceil(Math.log2(place + 1))));
    places.set(this.#places);
    this.#places = places;
    return places;
  }

  result(count: number): Connections {
    const requests = new Histogram();
    for (const n of this.#requests.values) if (n > 0) requests.record(n);
    const widths = new Histogram();
    for (let i = 0; i < this.#places.length; i++) {
      const ending = this.#places[i]! - (this.#places[i + 1] ?? 0);
      if (ending > 0) widths.record(i + 1, ending);
    }
    return {
      count,
      life_ms: this.#lives.percentiles(),
      opened: this.#opens,
      closed: this.#closes,
      requests: requests.percentiles(),
      pipelining: this.#depth.percentiles(),
      keys_per_request: widths.percentiles(),
      interarrival_ns: this.#gaps.percentiles(),
      told_apart: Math.min(count, CONNS_MAX),
    };
  }
}
