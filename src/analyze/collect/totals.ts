import { ConnNumbers } from '../../profile/conn-numbers.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { grown } from '../grown.js';

/** Numbers of events, requests and connections, and the time they span. */
export class Totals implements Collector {
  events = 0;
  requests = 0;
  /** Unix nanoseconds; null without events. */
  firstNs: bigint | null = null;
  lastNs: bigint | null = null;
  /** Connection numbers over all recordings; a connection may span several files of one recording. */
  readonly conns = new ConnNumbers();
  /** Connections that carried a request. */
  connections = 0;
  /** By connection: 1 once it carried a request. */
  #carried = new Uint8Array(1024);

  /** Numbers the connections of a batch over all profiles. */
  numberConns({ rows, conn }: Batch, worker: number): void {
    const own = conn.subarray(0, rows);
    this.conns.exchange(worker, own);
    const { size } = this.conns;
    if (size > this.#carried.length) this.#carried = grown(this.#carried, 2 ** Math.ceil(Math.log2(size)));
    const carried = this.#carried;
    let first = 0;
    for (let i = 0; i < rows; i++) {
      first += 1 - carried[own[i]!]!;
      carried[own[i]!] = 1;
    }
    this.connections += first;
  }

  add({ rows, requests, minNs, maxNs }: Batch): void {
    if (rows === 0) return;
    this.events += rows;
    this.requests += requests;
    if (this.firstNs === null || minNs < this.firstNs) this.firstNs = minNs;
    if (this.lastNs === null || maxNs > this.lastNs) this.lastNs = maxNs;
  }
}
