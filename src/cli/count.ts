import { type CountOptions, type CountReport, count, PLAIN, serveMetrics } from '../index.js';
import { countLine, countTable } from './count-table.js';
import { onSignals } from './signals.js';
import { COLORS, type ColorOption, wantsColor } from './style.js';

interface Flags {
  interval?: number;
  duration?: number;
  port?: [first: number, last: number][];
  keySample?: number;
  keyFile?: string;
  attach?: 'tcx' | 'clsact';
  metrics?: { host: string; port: number };
  json?: boolean;
  color: ColorOption;
}

/** A table on a terminal that is painted again in its place. */
class Screen {
  readonly #stream: NodeJS.WriteStream;
  #height = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(lines: readonly string[]): void {
    const { columns = 80, rows = 24 } = this.#stream;
    // A line that wraps, or one above the top, could not be painted over.
    const shown = lines.slice(0, rows - 1).map((line) => cut(line, columns));
    const up = this.#height > 0 ? `\x1b[${this.#height}A` : '';
    this.#stream.write(`${up}\r\x1b[J${shown.join('\n')}\n`);
    this.#height = shown.length;
  }
}

/** The part of a line that fits into so many columns; escape sequences take none. */
function cut(line: string, columns: number): string {
  let width = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are escape sequences
  return line.replace(/\x1b\[\d*m|[^\x1b]/gu, (part) => (part.length > 2 || ++width <= columns ? part : ''));
}

/** Runs `membench count`. Returns the exit code. */
export async function countCommand(source: string, flags: Flags): Promise<number> {
  const abort = new AbortController();
  const say = (message: string) => process.stderr.write(`membench: ${message}\n`);
  const options: CountOptions = {
    source,
    signal: abort.signal,
    giveUpRights: true,
    onWarning: say,
    onStart: say,
  };
  for (const name of ['interval', 'duration', 'keySample', 'keyFile', 'attach'] as const) {
    if (flags[name] !== undefined) Object.assign(options, { [name]: flags[name] });
  }
  if (flags.port !== undefined) options.ports = flags.port;
  const offSignals = onSignals(
    () => abort.abort(),
    () => {},
  );
  let metrics: Awaited<ReturnType<typeof serveMetrics>> | undefined;
  try {
    // Before rights are given up: a port below 1024 needs one.
    if (flags.metrics !== undefined) {
      metrics = await serveMetrics(flags.metrics);
      say(`metrics at ${metrics.url}`);
    }
    const show = flags.json ? showJson : showText(wantsColor(flags.color, process.stdout));
    for await (const report of count(options)) {
      metrics?.update(report.total);
      show(report);
    }
  } finally {
    offSignals();
    await metrics?.close();
  }
  return 0;
}

function showJson({ last, ...report }: CountReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** On a terminal a table that is painted again; elsewhere a line an interval, and the table at the end. */
function showText(color: boolean): (report: CountReport) => void {
  const style = color ? COLORS : PLAIN;
  if (process.stdout.isTTY) {
    const screen = new Screen(process.stdout);
    return (report) => screen.show(countTable(report, style));
  }
  return (report) => {
    process.stdout.write(`${countLine(report)}\n`);
    if (report.last) process.stdout.write(`\n${countTable(report, style).join('\n')}\n`);
  };
}
