/** The page: shows the workload of a capture while it is decoded. */
import * as format from '../analyze/format.js';
import { Charts } from './charts.js';
import { byId, element } from './elements.js';
import type { Progress, Start } from './messages.js';
import * as report from './report.js';

/** Source text of the worker, inserted when the page is built. */
declare const WORKER: string;

const problem = byId<HTMLParagraphElement>('problem');
const progress = byId<HTMLDivElement>('progress');
const bar = byId<HTMLProgressElement>('bar');
const told = byId<HTMLSpanElement>('told');
const result = byId<HTMLDivElement>('result');
const file = byId<HTMLInputElement>('file');
const ports = byId<HTMLInputElement>('ports');
const drop = byId<HTMLLabelElement>('drop');

/** Starts a worker, which compiles the parser before there is a capture. */
function hire(): Worker {
  const url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
  const made = new Worker(url);
  URL.revokeObjectURL(url);
  return made;
}

let spare: Worker | undefined = hire();
/** The current capture; messages about another one are ignored. */
let worker: Worker | undefined;
let charts: Charts | undefined;

function complain(text: string | null): void {
  problem.hidden = text === null;
  problem.textContent = text ?? '';
}

/**
 * Parses ports and ranges separated by commas, as `membench record --port` does; null where they are invalid.
 */
function parsePorts(text: string): Start['ports'] | null {
  const ranges = text.split(',').map((part): [number, number] => {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    return [Number(first), Number(last)];
  });
  const good = ranges.every(([first, last]) => first >= 1 && last <= 65535 && first <= last);
  return good ? ranges : null;
}

function open(capture: File): void {
  stop();
  const wanted = parsePorts(ports.value);
  if (wanted === null) {
    complain(`${ports.value}: these are no ports. Numbers from 1 to 65535 are, such as 11211,11300-11310.`);
    return;
  }
  complain(null);
  result.hidden = true;
  result.replaceChildren();
  charts = undefined;
  progress.hidden = false;
  bar.value = 0;
  told.textContent = capture.name;
  const made = spare ?? hire();
  spare = undefined;
  worker = made;
  made.onmessage = ({ data }: MessageEvent<Progress>) => {
    if (worker === made) show(capture, data);
  };
  made.onerror = ({ message }) => {
    complain(`The decoder failed: ${message}`);
    stop();
  };
  made.postMessage({ file: capture, ports: wanted } satisfies Start);
}

function stop(): void {
  worker?.terminate();
  spare ??= hire();
  worker = undefined;
  progress.hidden = true;
}

function show(capture: File, now: Progress): void {
  const { workload, bytes, total, elapsed, done } = now;
  bar.value = total === 0 ? 1 : bytes / total;
  told.textContent = `${capture.name}: ${format.bytes(bytes)} of ${format.bytes(total)}, ${format.seconds(elapsed / 1000)}`;
  if (now.problem !== null) {
    const stands = now.counters.packets_seen > 0 ? ' The events before it are shown.' : '';
    complain(`${capture.name}: ${now.problem}.${stands}`);
  }
  if (done) {
    stop();
    document.body.classList.add('small');
    document.title = `${capture.name} – membench`;
  }
  if (now.counters.packets_seen === 0) return;
  charts ??= new Charts();
  result.hidden = false;
  result.dataset.done = String(done);
  result.replaceChildren(
    report.totals(now),
    report.commands(workload),
    ...charts.panels,
    ...report.sizes(workload),
    report.latencies(workload),
    report.ledger(now),
    report.busiest(workload),
    element('p', { className: 'note' }, `${capture.name}, decoded in ${format.seconds(elapsed / 1000)}`),
  );
  charts.show(workload.timeline);
}

function chosen(files: FileList | null | undefined): void {
  const capture = files?.[0];
  if (capture !== undefined) open(capture);
}

file.addEventListener('change', () => {
  chosen(file.files);
  file.value = '';
});
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', type === 'dragenter' || type === 'dragover');
    if (type === 'drop') chosen(event.dataTransfer?.files);
  });
}
byId('cancel').addEventListener('click', stop);

const THEMES = ['auto', 'light', 'dark'];
const theme = byId<HTMLButtonElement>('theme');
theme.addEventListener('click', () => {
  const next = THEMES[(THEMES.indexOf(theme.textContent ?? '') + 1) % THEMES.length]!;
  theme.textContent = next;
  document.documentElement.dataset.theme = next;
  charts?.redraw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => charts?.redraw());
