import { ConnNumbers } from '../../profile/conn-numbers.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';

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

  /** Numbers the connections of a batch. */
  numberConns(batch: Batch, worker: number): void {
    const { rows, conn } = batch;
    const ids = new Uint32Array(rows);
    for (let i = 0; i < rows; i++) {
      const id = this.conns.numberOf(worker, conn[i]!);
      ids[i] = id;
      if (id >= this.#carried.length) this.#grow(id);
      if (this.#carried[id] !== 0) continue;
      this.#carried[id] = 1;
      this.connections++;
    }
    batch.connId = ids;
  }

  #grow(id: number): void {
    const carried = new Uint8Array(2 ** Math.ceil(Math.log2(id + 2)));
    carried.set(this.#carried);
    this.#carried = carried;
  }

  add({ rows, requests, minNs, maxNs }: Batch): void {
    if (rows === 0) return;
    this.events += rows;
    this.requests += requests;
    if (this.firstNs === null || minNs < this.firstNs) this.firstNs = minNs;
    if (this.lastNs === null || maxNs > this.lastNs) this.lastNs = maxNs;
  }
}
