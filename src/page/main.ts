/** The page: shows what was written into it, and what is dropped on it. */
import type { PageData } from '../html.js';
import { forget, redraw } from './chart.js';
import { byId, element } from './elements.js';
import type { Progress, Start } from './messages.js';
import { printable } from './print.js';
import { comparisonReport } from './views/comparison.js';
import { report } from './views/report.js';

/** Source text of the worker, inserted when the page is built. */
declare const WORKER: string;

const problem = byId<HTMLParagraphElement>('problem');
const progress = byId<HTMLDivElement>('progress');
const bar = byId<HTMLProgressElement>('bar');
const told = byId<HTMLSpanElement>('told');
const result = byId<HTMLDivElement>('result');
const file = byId<HTMLInputElement>('file');
const ports = byId<HTMLInputElement>('ports');
const memory = byId<HTMLInputElement>('memory');
const by = byId<HTMLSelectElement>('by');
const drop = byId<HTMLLabelElement>('drop');

/** Starts a worker, which compiles the parser before there is a file. */
function hire(): Worker {
  const url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
  const made = new Worker(url);
  URL.revokeObjectURL(url);
  return made;
}

let spare: Worker | undefined;
/** What reads the files at hand; messages about others are ignored. */
let worker: Worker | undefined;

function complain(text: string | null): void {
  problem.hidden = text === null;
  problem.textContent = text ?? '';
}

/** Ports and ranges separated by commas, as `membench record --port` takes them; null where they are invalid. */
function parsePorts(text: string): Start['ports'] | null {
  const ranges = text.split(',').map((part): [number, number] => {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    return [Number(first), Number(last)];
  });
  const good = ranges.every(([first, last]) => first >= 1 && last <= 65535 && first <= last);
  return good ? ranges : null;
}

/** Bytes by a number with K, M or G; a bare one is megabytes, as memcached's -m is. Null: none given; NaN: invalid. */
function parseMemory(text: string): number | null {
  if (text.trim() === '') return null;
  const [, digits = '', unit = 'M'] = /^\s*(\d+(?:\.\d+)?)\s*([KMG])?\s*$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** ('KMG'.indexOf(unit.toUpperCase()) + 1);
  return bytes > 0 ? bytes : Number.NaN;
}

function open(files: readonly File[]): void {
  stop();
  const wanted = parsePorts(ports.value);
  if (wanted === null) {
    complain(`${ports.value}: these are no ports. Numbers from 1 to 65535 are, such as 11211,11300-11310.`);
    return;
  }
  const bytes = parseMemory(memory.value);
  if (Number.isNaN(bytes)) {
    complain(`${memory.value}: this is no size. 64M and 1G are.`);
    return;
  }
  complain(null);
  document.body.classList.remove('written');
  result.hidden = true;
  progress.hidden = false;
  bar.value = 0;
  const name = files.map((one) => one.name).join(', ');
  told.textContent = name;
  const made = spare ?? hire();
  spare = undefined;
  worker = made;
  let latest: Progress | undefined;
  made.onmessage = ({ data }: MessageEvent<Progress>) => {
    // Drawing may take longer than the next message: of several only the last is shown.
    if (latest === undefined) {
      setTimeout(() => {
        const now = latest!;
        latest = undefined;
        if (worker === made) take(name, now);
      });
    }
    latest = { ...data, analysis: data.analysis ?? latest?.analysis ?? null };
  };
  made.onerror = ({ message }) => {
    complain(`${name}: reading it failed: ${message}`);
    stop();
  };
  made.postMessage({ files, ports: wanted, memory: bytes, by: by.value as Start['by'] } satisfies Start);
}

function stop(): void {
  worker?.terminate();
  spare ??= hire();
  worker = undefined;
  progress.hidden = true;
}

function take(name: string, now: Progress): void {
  bar.value = now.share;
  if (now.told !== '') told.textContent = now.told;
  if (now.problem !== null) {
    // Messages about profiles begin with the name.
    const text = now.problem.startsWith(name) ? now.problem : `${name}: ${now.problem}`;
    complain(`${text}.${now.analysis === null ? '' : ' What is before that is shown.'}`);
  }
  if (now.done) stop();
  if (now.analysis !== null) show({ kind: 'analysis', names: [name], analysis: now.analysis }, now);
}

/** Shows figures instead of those before. */
function show(data: PageData, { read, done }: Pick<Progress, 'read' | 'done'>): void {
  document.body.classList.add('small');
  const title = data.kind === 'analysis' ? data.names.join(', ') : `${data.names[0]} and ${data.names[1]}`;
  document.title = `${title} – membench`;
  byId('title').textContent = title;
  forget();
  result.replaceChildren(
    ...(data.kind === 'analysis'
      ? report(data.analysis)
      : comparisonReport(data.comparison, data.names, data.analyses)),
    element(
      'p',
      { className: 'note end' },
      'Keys and addresses are shown by hashes; values were never kept.',
    ),
  );
  result.hidden = false;
  result.dataset.read = String(read);
  result.dataset.done = String(done);
}

function chosen(files: FileList | null | undefined): void {
  if (files && files.length > 0) open([...files]);
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
  redraw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw());
printable();

const written = byId('data').textContent ?? '';
if (written !== '') {
  document.body.classList.add('written');
  show(JSON.parse(written) as PageData, { read: true, done: true });
}
// Not before the first figures are there.
setTimeout(() => {
  if (worker === undefined) spare ??= hire();
});
