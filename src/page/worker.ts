/** Decodes captures in a worker thread of the page. */
import { createDecoder } from '../decoder.js';
import type { Progress, Start } from './messages.js';
import { Workload } from './workload.js';

/** Time between two messages to the page, ms; the first is sent sooner. */
const INTERVAL = 250;
const FIRST_INTERVAL = 60;

/** RFC 1952, section 2.3.1. */
const GZIP = [0x1f, 0x8b];

type Reader = ReadableStreamDefaultReader<Uint8Array>;

interface WorkerScope {
  postMessage(message: Progress): void;
  onmessage: (event: MessageEvent<Start>) => void;
}
const scope = globalThis as unknown as WorkerScope;

/** Opens a reader of the file's bytes, decompressed where needed; `taken` counts the bytes of the file. */
async function open(file: File, taken: (bytes: number) => void): Promise<Reader> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      taken(chunk.length);
      controller.enqueue(chunk);
    },
  });
  const bytes = file.stream().pipeThrough(counting);
  const packed = GZIP.every((byte, i) => head[i] === byte);
  return (packed ? bytes.pipeThrough(new DecompressionStream('gzip')) : bytes).getReader();
}

// Compiles the parser while the user chooses a file.
void createDecoder();

scope.onmessage = async ({ data: { file, ports } }) => {
  const started = performance.now();
  const decoder = await createDecoder({ ports });
  const workload = new Workload();
  let bytes = 0;
  let next = started + FIRST_INTERVAL;
  const tell = (done: boolean, problem: string | null) => {
    scope.postMessage({
      workload: workload.data(),
      counters: { ...decoder.counters },
      bytes,
      total: file.size,
      elapsed: performance.now() - started,
      done,
      problem,
    });
  };
  const count = (n: number) => {
    bytes += n;
  };
  let problem: string | null = null;
  try {
    const reader = await open(file, count);
    // The browser reads the next chunk while this one is decoded.
    for (let coming = reader.read(); ; ) {
      const { value, done } = await coming;
      if (done) break;
      coming = reader.read();
      for (const event of decoder.decode(value)) workload.add(event);
      if (performance.now() < next) continue;
      tell(false, null);
      next = performance.now() + INTERVAL;
    }
  } catch (error) {
    problem = (error as Error).message;
  }
  try {
    for (const event of decoder.end()) workload.add(event);
  } catch (error) {
    problem ??= (error as Error).message;
  }
  tell(true, problem);
};
