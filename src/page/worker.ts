/** Reads captures and profiles in a worker thread of the page, and says what the workload in them is. */
import type { Analysis } from '../analyze/analysis.js';
import { type AnalyzeOptions, analyzeReaders } from '../analyze/analyze.js';
import * as format from '../analyze/format.js';
import type { ProfileBytes } from '../profile/bytes.js';
import { ProfileReader } from '../profile/reader.js';
import { loadModule } from '../standalone.js';
import { BlobBytes } from './blob-bytes.js';
import { CaptureProfile } from './capture.js';
import type { Progress, Start } from './messages.js';

/** Milliseconds before a capture's first figures are shown, and between two messages. */
const FIRST = 100;
const INTERVAL = 250;
/** Figures of a part of a capture may take this share of the time. */
const SHARE = 0.25;
/** Slowest requests that are listed. */
const SLOWEST = 100;

/** RFC 1952, section 2.3.1. */
const GZIP = [0x1f, 0x8b];
/** First bytes of a profile: FORMAT.md, "Frames". */
const PROFILE = [0x93, 0xa4, 0x4d, 0x42];

type Reader = ReadableStreamDefaultReader<Uint8Array>;

interface WorkerScope {
  postMessage(message: Progress): void;
  onmessage: (event: MessageEvent<Start>) => void;
}
const scope = globalThis as unknown as WorkerScope;

const startsLike = (head: Uint8Array, wanted: readonly number[]) =>
  wanted.every((byte, i) => head[i] === byte);

async function headOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(0, PROFILE.length).arrayBuffer());
}

/** A profile with a damaged beginning is one by its name. */
async function isProfile(file: File): Promise<boolean> {
  return file.name.endsWith('.mbp') || startsLike(await headOf(file), PROFILE);
}

/** Opens a reader of the file's bytes, decompressed where needed; `taken` counts the bytes of the file. */
async function open(file: File, taken: (bytes: number) => void): Promise<Reader> {
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      taken(chunk.length);
      controller.enqueue(chunk);
    },
  });
  const bytes = file.stream().pipeThrough(counting);
  const isPacked = startsLike(await headOf(file), GZIP);
  return (isPacked ? bytes.pipeThrough(new DecompressionStream('gzip')) : bytes).getReader();
}

/** All there is to say, as `analyze --html` does. */
function allOf({ memory, by }: Start): AnalyzeOptions {
  return { memcached: '', slowest: SLOWEST, by, ...(memory !== null && { memory }) };
}

/** What takes little time: nothing that needs events in order. */
const QUICK = ['summary', 'commands', 'split', 'time', 'keys', 'sizes', 'latency', 'connections'] as const;

function analyzed(bytes: readonly ProfileBytes[], options: AnalyzeOptions): Promise<Analysis> {
  return analyzeReaders(
    bytes.map((one) => new ProfileReader(one)),
    options,
  );
}

async function readProfiles(start: Start): Promise<void> {
  const { files } = start;
  const names = files.map(({ name }) => name).join(', ');
  const onProgress = (done: number, all: number) => {
    const told = `${names}: ${format.count(done)} of ${format.count(all)} events`;
    scope.postMessage({ share: done / all, told, analysis: null, read: false, done: false, problem: null });
  };
  const analysis = await analyzed(
    files.map((file) => new BlobBytes(file)),
    { ...allOf(start), onProgress },
  );
  scope.postMessage({ share: 1, told: names, analysis, read: true, done: true, problem: null });
}

async function readCapture(file: File, start: Start): Promise<void> {
  const started = performance.now();
  const capture = await CaptureProfile.create(start.ports);
  let bytes = 0;
  let next = started + FIRST;
  /** Says how far it is, with the figures of what was decoded: `all` of them, or those that take little time. */
  const tell = async (all: boolean, problem: string | null = null, read = all) => {
    const began = performance.now();
    const told = read
      ? `${file.name}: the figures that follow each key take longer`
      : `${file.name}: ${format.bytes(bytes)} of ${format.bytes(file.size)}`;
    const options = all ? allOf(start) : { by: start.by, sections: QUICK };
    const analysis = capture.isOpen ? await analyzed([capture.profile(file.name, read)], options) : null;
    scope.postMessage({ share: bytes / Math.max(1, file.size), told, analysis, read, done: all, problem });
    const now = performance.now();
    next = now + Math.max(INTERVAL, (now - began) * (1 / SHARE - 1));
  };
  let problem: string | null = null;
  try {
    const reader = await open(file, (n) => {
      bytes += n;
    });
    // The browser reads the next chunk while this one is decoded.
    for (let coming = reader.read(); ; ) {
      const { value, done } = await coming;
      if (done) break;
      coming = reader.read();
      capture.add(value);
      if (performance.now() >= next) await tell(false);
    }
  } catch (error) {
    problem = (error as Error).message;
  }
  try {
    problem ??= capture.end();
  } catch (error) {
    problem ??= (error as Error).message;
  }
  if (problem === null) await tell(false, null, true);
  await tell(true, problem);
}

// Compiles the parser while the user chooses a file.
void loadModule();

scope.onmessage = async ({ data: start }) => {
  const { files } = start;
  try {
    const profiles = await Promise.all(files.map(isProfile));
    if (profiles.every((one) => one)) await readProfiles(start);
    else if (files.length === 1) await readCapture(files[0]!, start);
    else throw new Error('captures are opened one at a time, and several profiles without captures');
  } catch (error) {
    scope.postMessage({
      share: 1,
      told: '',
      analysis: null,
      read: true,
      done: true,
      problem: (error as Error).message,
    });
  }
};
