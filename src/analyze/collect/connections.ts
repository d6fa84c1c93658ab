import type { ConnColumns } from '../../profile/columns.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { grown } from '../grown.js';
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

/** Numbers of each connection side by side, initially 0; connections from CONNS_MAX on have none. */
export class ConnRecords {
  /** The numbers of a connection begin at `width * conn`. A new array after every growth. */
  values: Float64Array;
  readonly width: number;

  constructor(width: number) {
    this.width = width;
    this.values = new Float64Array(1024 * width);
  }

  /** Makes room for a connection. */
  reach(conn: number): void {
    if (conn * this.width < this.values.length || conn >= CONNS_MAX) return;
    this.values = grown(this.values, this.width * 2 ** Math.ceil(Math.log2(conn + 1)));
  }
}

/**
 * Numbers of a connection: its requests; times of the last request and the last answer, + 1, and 0 where there was none;
 * time of its opening + 1, 0: not recorded.
 */
const [REQUESTS, LAST, ANSWERED, OPENED] = [0, 1, 2, 3] as const;
const WIDTH = 4;

export class ConnectionCounter implements Collector {
  readonly #records = new ConnRecords(WIDTH);
  /** Times of the outstanding answers, for connections with several requests in flight. */
  readonly #underWay = new Map<number, number[]>();
  readonly #depth = new Histogram();
  readonly #gaps = new Histogram();
  /** Memory for the gaps of a batch. */
  #gapsOfBatch = new Float64Array(0);
  readonly #lives = new Histogram();
  /** Rows by key index, of commands that ask for values. */
  #places = new Float64Array(64);
  #opens = 0;
  #closes = 0;

  add(batch: Batch): void {
    this.#addPlaces(batch);
    this.#addRequests(batch);
  }

  #addPlaces({ kinds, kindRows, rows, kind, index, isSingle }: Batch): void {
    const reads = kinds.map(({ act, hasKey }) => act === 'read' && hasKey);
    if (isSingle) {
      for (let i = 0; i < kinds.length; i++) if (reads[i]) this.#places[0]! += kindRows[i]!;
      return;
    }
    let places: Float64Array = this.#places;
    for (let i = 0; i < rows; i++) {
      if (!reads[kind[i]!]) continue;
      const place = index[i]!;
      if (place >= places.length) places = this.#reachPlace(place);
      places[Math.min(place, places.length - 1)]!++;
    }
  }

  #addRequests({ kinds, rows, kind, time, latency, index, conn: conns }: Batch): void {
    const has = Uint8Array.from(kinds, ({ hasLatency }) => (hasLatency ? 1 : 0));
    let records = this.#records.values;
    if (rows > this.#gapsOfBatch.length) this.#gapsOfBatch = new Float64Array(rows);
    const gaps = this.#gapsOfBatch;
    let found = 0;
    let alone = 0;
    for (let i = 0; i < rows; i++) {
      const conn = conns[i]!;
      if (index[i] !== 0 || conn >= CONNS_MAX) continue;
      const at = WIDTH * conn;
      if (at >= records.length) {
        this.#records.reach(conn);
        records = this.#records.values;
      }
      records[at + REQUESTS]!++;
      const now = time[i]!;
      const last = records[at + LAST]! - 1;
      if (last >= 0) gaps[found++] = now > last ? now - last : 0;
      records[at + LAST] = (now > last ? now : last) + 1;
      const answered = records[at + ANSWERED]!;
      const answer = has[kind[i]!] === 0 ? now : now + latency[i]!;
      if (answer > answered) records[at + ANSWERED] = answer;
      if (now < answered) {
        this.#depth.record(this.#depthAt(conn, now, { answered, answer }));
        continue;
      }
      alone++;
      // A connection that no longer pipelines needs no list.
      if (this.#underWay.size > 0) this.#underWay.delete(conn);
    }
    if (alone > 0) this.#depth.record(1, alone);
    this.#gaps.recordAll(gaps, found);
  }

  /** Requests in flight on a connection that one more is sent on before the last answer. */
  #depthAt(conn: number, now: number, { answered, answer }: { answered: number; answer: number }): number {
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
      this.#records.reach(conn);
      const { values } = this.#records;
      const at = WIDTH * conn + OPENED;
      if (what === 'open_syn') values[at] = times[i]! + 1 || Number.MIN_VALUE;
      // Only FIN and RST end a connection; other records mean that the recording stopped following it.
      else if ((what === 'close_fin' || what === 'close_rst') && values[at] !== 0) {
        this.#lives.record(Math.max(0, Math.round((times[i]! + 1 - values[at]!) / 1e6)));
        values[at] = 0;
      }
    }
  }

  #reachPlace(place: number): Float64Array {
    this.#places = grown(this.#places, Math.min(2 ** 20, 2 ** Math.ceil(Math.log2(place + 1))));
    return this.#places;
  }

  result(count: number): Connections {
    const requests = new Histogram();
    const { values } = this.#records;
    for (let at = REQUESTS; at < values.length; at += WIDTH)
      if (values[at]! > 0) requests.record(values[at]!);
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
