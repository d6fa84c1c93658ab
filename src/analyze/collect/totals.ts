import { ConnNumbers } from '../../profile/conn-numbers.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';

/** How much there is: events, requests, connections, and from when to when. */
export class Totals implements Collector {
  events = 0;
  requests = 0;
  /** Unix nanoseconds; null without events. */
  firstNs: bigint | null = null;
  lastNs: bigint | null = null;
  /** Of all recordings: a connection may span several files of one. */
  readonly conns = new ConnNumbers();

  add({ rows, requests, minNs, maxNs }: Batch): void {
    if (rows === 0) return;
    this.events += rows;
    this.requests += requests;
    if (this.firstNs === null || minNs < this.firstNs) this.firstNs = minNs;
    if (this.lastNs === null || maxNs > this.lastNs) this.lastNs = maxNs;
  }
}
