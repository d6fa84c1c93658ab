import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Truth } from '../generate/generate.js';
import { type Bench, run } from '../measure/run.js';
import { GENERATOR, ROOT } from '../root.js';

/** A capture file with its truth. */
export interface Capture {
  path: string;
  /** Arguments of the generator. */
  options: readonly string[];
  truth: Truth;
}

/** Folder for one capture, which remains after the benchmark, so that the gigabyte is generated once. */
export const CACHE = join(tmpdir(), 'membench-bench');

const FILE_HEADER = 24;
const RECORD = 16;
/** Offset of the captured length in a record header. */
const LENGTH = 8;

/** Generates a capture. */
export async function makeCapture(bench: Bench, path: string, options: readonly string[]): Promise<Capture> {
  const { stdout } = await run(bench, [process.execPath, GENERATOR, '--out', path, ...options]);
  return { path, options, truth: JSON.parse(stdout) };
}

/** Generates a capture, or takes the one that the same generator made with the same options before. */
export async function cachedCapture(bench: Bench, options: readonly string[]): Promise<Capture> {
  const path = join(CACHE, `${fingerprint(options)}.pcap`);
  const truth = `${path}.json`;
  if (existsSync(path) && existsSync(truth))
    return { path, options, truth: JSON.parse(readFileSync(truth, 'utf8')) };
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { mode: 0o700 });
  const made = await makeCapture(bench, join(bench.folder, 'capture.pcap'), options);
  writeFileSync(truth, JSON.stringify(made.truth));
  renameSync(made.path, path);
  return { ...made, path };
}

/** Name of a capture by the options and the generator's code, which both determine the file. */
function fingerprint(options: readonly string[]): string {
  const hash = createHash('sha256').update(options.join('\0'));
  const folder = dirname(join(ROOT, GENERATOR));
  for (const file of readdirSync(folder).sort()) {
    if (file.endsWith('.js')) hash.update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Writes the first packets of a capture to another file. */
export async function cutCapture(from: string, to: string, packets: number): Promise<void> {
  const header = Buffer.alloc(RECORD);
  const fd = openSync(from, 'r');
  let end = FILE_HEADER;
  for (let i = 0; i < packets && readSync(fd, header, 0, RECORD, end) === RECORD; i++) {
    end += RECORD + header.readUInt32LE(LENGTH);
  }
  closeSync(fd);
  await pipeline(createReadStream(from, { end: end - 1 }), createWriteStream(to));
}
