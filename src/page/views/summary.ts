import type { Analysis } from '../../analyze/analysis.js';
import { count, counted, nanoseconds, percent, seconds } from '../../analyze/format.js';
import { when } from '../../analyze/report/lines.js';
import { memory, sentence } from '../../analyze/report/memory.js';
import { box, element, kept, note, table } from '../elements.js';
import { maybe, short } from './figure.js';

/** Commands in the first table. */
const SHOWN = 6;

/** One number that matters, and what it says. */
export function tile(name: string, value: string, about: string, className = ''): HTMLElement {
  const made = element(
    'div',
    { className: `tile ${className}` },
    element('dt', {}, name),
    element('dd', {}, value),
    element('p', {}, kept(about)),
  );
  made.dataset.total = name;
  return made;
}

/** From one time to another, with the day of the second only where it is another one. */
function period(from: string, to: string): string {
  const [day, start] = [from.slice(0, 10), from.slice(11, 19)];
  const end = to.slice(11, 19);
  return `${day} ${start} to ${to.startsWith(day) ? end : `${to.slice(0, 10)} ${end}`} UTC`;
}

/** The difference of two ratios in points. */
function points(from: number, to: number): string {
  const text = Math.abs(100 * (to - from)).toFixed(1);
  return `${text === '0.0' ? '±' : to > from ? '+' : '−'}${text} points`;
}

/** What who runs the cache wants to know first. */
export function summary(analysis: Analysis): HTMLElement[] {
  const { requests, events, connections, duration_s: duration, first_ts_ns, last_ts_ns } = analysis;
  if (first_ts_ns === null || last_ts_ns === null) {
    return [element('p', { className: 'empty' }, 'No request was recorded.'), ...missing(analysis)];
  }
  const { bursts, mrc, hit_ratio } = analysis;
  const { advice } = mrc;
  const { busiest } = bursts;
  const reads = analysis.series.reduce((sum, { hits, misses }) => sum + hits + misses, 0);
  const size = advice === null ? '' : memory(advice.bytes);
  return [
    element(
      'dl',
      { className: 'tiles' },
      tile(
        'Hit ratio',
        maybe(hit_ratio, percent),
        `of ${short(reads)} ${reads === 1 ? 'read' : 'reads'}`,
        'first',
      ),
      tile(
        'Requests a second',
        duration > 0 ? count(requests / duration) : '–',
        `${counted(requests, 'request')} for ${counted(events, 'key')}`,
      ),
      tile(
        'Busiest second',
        maybe(busiest?.requests ?? null, count),
        busiest === null || bursts.median === 0
          ? 'of requests'
          : `${(busiest.requests / bursts.median).toFixed(1)} × the median, at ${when(busiest.ts_ns).slice(11, 19)}`,
      ),
      tile(
        'Half the memory',
        maybe(advice?.half ?? null, percent),
        advice === null ? 'no read to tell' : `${points(advice.hit_ratio, advice.half)} at half of ${size}`,
      ),
      tile(
        'Double the memory',
        maybe(advice?.double ?? null, percent),
        advice === null ? 'no read to tell' : `${points(advice.hit_ratio, advice.double)} at twice ${size}`,
      ),
      tile('Connections', count(connections), `in ${seconds(duration)}`),
    ),
    note(period(when(first_ts_ns), when(last_ts_ns))),
    ...(advice === null ? [] : [element('p', { className: 'lead' }, kept(sentence(mrc, advice)))]),
    element('div', { className: 'pair' }, latency(analysis), ...missing(analysis)),
  ];
}

function latency({ ops }: Analysis): HTMLElement {
  const known = Object.entries(ops).filter(([, { latency_ns }]) => latency_ns.p50 !== null);
  if (known.length === 0) return box('Latency by command', note('no request was answered'));
  const rows = known
    .slice(0, SHOWN)
    .map(([op, { latency_ns, count: keys }]) => [
      element('code', {}, op),
      short(keys),
      maybe(latency_ns.p50, nanoseconds),
      maybe(latency_ns.p99, nanoseconds),
    ]);
  return box('Latency by command', table({ head: ['', 'keys', 'p50', 'p99'], rows }));
}

export function caveatList(caveats: Analysis['caveats']): HTMLElement {
  const items = caveats.map(({ what, means }) =>
    element('li', {}, element('strong', {}, kept(what)), element('span', {}, kept(means))),
  );
  return element('ul', { className: 'caveats' }, ...items);
}

/** What is missing, and what it means: the shortest form. */
function missing({ caveats, hint }: Analysis): HTMLElement[] {
  if (caveats.length === 0 && hint === null) {
    return [box('What is missing', note('Nothing: every packet and every byte is accounted for.'))];
  }
  return [box('What is missing', caveatList(caveats), hint === null ? null : note(hint, 'note warn'))];
}
