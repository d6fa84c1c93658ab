import { type ExportProgress, format, type RecordProgress } from '../index.js';

/** A line on a terminal that is overwritten with each update. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #color: boolean;
  #shown = false;
  #before: RecordProgress | undefined;

  constructor(stream: NodeJS.WriteStream, color: boolean) {
    this.#stream = stream;
    this.#color = color;
  }

  show(now: RecordProgress): void {
    this.showText(now.live ? liveText(now, this.#before) : progressText(now));
    this.#before = now;
  }

  /** Shows as much of a text as the line has room for. */
  showText(whole: string): void {
    const width = (this.#stream.columns || 80) - 1;
    const text = whole.slice(0, width);
    this.#stream.write(`\r\x1b[K${this.#color ? `\x1b[2m${text}\x1b[22m` : text}`);
    this.#shown = true;
  }

  /** Clears the line. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[K');
    this.#shown = false;
  }
}

/** 5.0 M/s, or 812/s. */
function perSecond(rate: number): string {
  return rate >= 1e6 ? `${(rate / 1e6).toFixed(1)} M/s` : `${format.count(rate)}/s`;
}

/** Progress of a live recording, most important first, because a narrow terminal cuts the end. */
export function liveText(now: RecordProgress, before?: RecordProgress): string {
  const span = now.elapsed - (before?.elapsed ?? 0);
  const rate = (field: 'packets' | 'requests') =>
    perSecond(span > 0 ? (now[field] - (before?.[field] ?? 0)) / span : 0);
  const looked = now.hits + now.misses;
  return [
    format.seconds(now.elapsed),
    `packets ${rate('packets')}`,
    `requests ${rate('requests')}`,
    `hit ratio ${looked > 0 ? format.percent(now.hits / looked) : '-'}`,
    `${format.count(now.lost)} lost`,
    ...(now.lag === null ? [] : [`lag ${format.nanoseconds(now.lag.p99)}`]),
  ].join(', ');
}

/** Progress of a file, share and remaining time first, because a narrow terminal cuts the end. */
export function progressText(progress: RecordProgress): string {
  const { bytesRead, bytesTotal, packets, requests, elapsed } = progress;
  const parts: string[] = [];
  if (bytesTotal !== null && bytesTotal > 0) {
    parts.push(`${format.percent(bytesRead / bytesTotal)} of ${format.bytes(bytesTotal)}`);
    // The remaining time is unknown before anything was read, and for a file that has grown.
    if (bytesRead > 0 && bytesRead <= bytesTotal) {
      parts.push(`${format.seconds(((bytesTotal - bytesRead) / bytesRead) * elapsed)} left`);
    }
  } else parts.push(format.bytes(bytesRead));
  const rate = elapsed > 0 ? packets / elapsed : 0;
  parts.push(`${format.count(packets)} packets (${perSecond(rate)})`, `${format.count(requests)} requests`);
  return parts.join(', ');
}

/** How far an export is, most important first. */
export function exportText({ events, eventsTotal, elapsed }: ExportProgress): string {
  const parts = [`${format.percent(events / eventsTotal)} of ${format.count(eventsTotal)} events`];
  if (events > 0) parts.push(`${format.seconds(((eventsTotal - events) / events) * elapsed)} left`);
  if (elapsed > 0) parts.push(perSecond(events / elapsed));
  return parts.join(', ');
}
