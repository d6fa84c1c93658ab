import { format, type RecordProgress } from '../index.js';

/** One line on a terminal that is written over and over. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #color: boolean;
  #shown = false;

  constructor(stream: NodeJS.WriteStream, color: boolean) {
    this.#stream = stream;
    this.#color = color;
  }

  show(now: RecordProgress): void {
    const width = (this.#stream.columns || 80) - 1;
    const text = progressText(now).slice(0, width);
    this.#stream.write(`\r\x1b[K${this.#color ? `\x1b[2m${text}\x1b[22m` : text}`);
    this.#shown = true;
  }

  /** Leaves the line empty for whatever comes next. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[K');
    this.#shown = false;
  }
}

/** Bytes, share, packets, rate, requests, time left. */
export function progressText({ bytesRead, bytesTotal, packets, requests, elapsed }: RecordProgress): string {
  const rate = elapsed > 0 ? packets / elapsed : 0;
  const parts = [format.bytes(bytesRead)];
  if (bytesTotal !== null && bytesTotal > 0)
    parts[0] += ` of ${format.bytes(bytesTotal)} (${format.percent(bytesRead / bytesTotal)})`;
  parts.push(
    `${format.count(packets)} packets`,
    `${format.count(rate)}/s`,
    `${format.count(requests)} requests`,
  );
  if (bytesTotal !== null && bytesRead > 0 && bytesRead <= bytesTotal) {
    parts.push(`${format.seconds(((bytesTotal - bytesRead) / bytesRead) * elapsed)} left`);
  }
  return parts.join(', ');
}
