/** Counts in the kernel: see bpf/count.bpf.c. */
import { setTimeout as wait } from 'node:timers/promises';
import { RecordingClock } from '../clock.js';
import { attachCounting } from './attached.js';
import { Counters } from './counters.js';
import { KeyFollower } from './key-follower.js';
import { type CountOptions, type CountReport, checkCountOptions } from './options.js';
import { countedIn } from './report.js';
import { giveUpRights } from './rights.js';

const PORTS = [[11211, 11211]] as const;

/**
 * Counts requests and answers on an interface until it is stopped, and yields a report for each interval. The
 * last one is of the interval in which it ended.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_UNSUPPORTED, ERR_MEMBENCH_PRIVILEGE
 */
export async function* count(options: CountOptions): AsyncGenerator<CountReport, void, undefined> {
  const name = checkCountOptions(options);
  const { interval = 1, duration = Number.POSITIVE_INFINITY, signal, onStart, onWarning } = options;
  const end = new AbortController();
  const onAbort = () => end.abort();
  if (signal?.aborted) return;
  const clock = new RecordingClock();
  const keys = KeyFollower.prepare(options);
  const attached = await attachCounting(
    name,
    options.ports ?? PORTS,
    options.attach,
    keys?.sampling,
    (message, over) => {
      onWarning?.(message);
      if (over) end.abort();
    },
  );
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const rights = options.giveUpRights
      ? await giveUpRights(attached.method)
      : 'this process keeps its rights';
    const start = clock.now();
    keys?.start(attached.ring, clock);
    let before = new Counters();
    let at = start;
    onStart?.(`counting on ${name}, attached by ${attached.method}; ${rights}`);
    for (let n = 1; ; n++) {
      // Counting goes on while a report is used. Where that takes longer than an interval, the next one is longer.
      const elapsed = Number(clock.now() - start) / 1e9;
      n = Math.max(n, Math.floor(elapsed / interval) + 1);
      const until = Math.min(n * interval, duration);
      const last = until >= duration;
      if (!end.signal.aborted && until > elapsed) {
        await wait((until - elapsed) * 1000, undefined, { signal: end.signal }).catch(() => {});
      }
      const now = clock.now();
      const isLast = last || end.signal.aborted;
      const total = attached.read();
      const all = countedIn(total, total);
      yield {
        ts_ns: String(now),
        interval_s: Number(now - at) / 1e9,
        ...countedIn(total.since(before), total),
        ...keys?.report(all, isLast),
        total: { ...all, elapsed_s: Number(now - start) / 1e9 },
        last: isLast,
      };
      if (isLast) return;
      before = total;
      at = now;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    keys?.stop();
    attached.close();
  }
}
