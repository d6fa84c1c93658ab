/**
 * Checks what the privileged process receives from its recorder. A packet that takes over the parser may make
 * the recorder send anything. So only messages in a valid order, with every field in its range, and blocks
 * with a valid frame are accepted. The content of a block is checked by readers, which trust no profile. Its
 * checksum is not checked here: a recorder that lies can calculate it, and a socket damages nothing.
 */
import { BLOCK_MAX, COUNTER_NAMES, type Counter } from '../layout/generated.js';
import type { SealedBlock } from '../pool/messages.js';
import { isFrame } from '../profile/envelope.js';
import { FieldReader, TEXT_MAX } from './fields.js';
import { FrameReader, Refused } from './frames.js';
import type { Lag } from './lag.js';
import { ENDS, FROM_RECORDER, type FromRecorder, limits, REBUILT_MAX } from './messages.js';
import type { RecorderProgress, RecorderResult } from './recorder.js';
import { CODES } from './report.js';
import type { Sandbox } from './sandbox.js';

const TEXT = 2 + TEXT_MAX;
const LAG = 1 + 3 * 8;
/** Bytes of the fields of a block with all counters. */
const BLOCK_FIELDS = 4 + 8 + 4 + 8 + 8 + 2 + COUNTER_NAMES.length * (2 + 8);
const LIMITS = limits(FROM_RECORDER, {
  ready: 1 + TEXT + 2 * 4 + 2,
  block: BLOCK_FIELDS + BLOCK_MAX,
  rebuilt: 4 + TEXT,
  progress: 6 * 8 + LAG,
  done: COUNTER_NAMES.length * 8 + 1 + (1 + 2 * 8) + LAG + (1 + 2 * TEXT),
  failed: 1 + TEXT + (1 + TEXT),
});

/** Accepts the messages of one recorder. */
export class Reports {
  readonly #frames = new FrameReader(LIMITS);
  /** By worker, the least sequence number of its next block. */
  readonly #nextSeq: number[];
  /** Sums of the counts of all blocks, by counter. */
  readonly #told = new Map<string, number>();
  #ready = false;
  #running = false;
  #over = false;
  #rebuilt = 0;

  /** @param workers of the recording */
  constructor(workers: number) {
    this.#nextSeq = Array.from({ length: workers }, () => 0);
  }

  /** The recorder was told to run: from now on blocks and `done` are accepted. */
  run(): void {
    this.#running = true;
  }

  /**
   * Yields the messages in the next bytes of the stream; see FrameReader. Bytes after the last message are
   * ignored.
   *
   * @throws Refused; after that nothing more may be taken from this recorder
   */
  *push(chunk: Uint8Array): Generator<FromRecorder> {
    if (this.#over) return;
    for (const { type, payload } of this.#frames.push(chunk)) {
      const kind = FROM_RECORDER[type]!;
      this.#checkOrder(kind);
      const fields = new FieldReader(payload);
      const message = this.#read(kind, fields);
      fields.end();
      yield message;
      if (this.#over) return;
    }
  }

  #checkOrder(kind: FromRecorder['kind']): void {
    const early = kind === 'ready' ? this.#ready : (kind === 'block' || kind === 'done') && !this.#running;
    if (early) throw new Refused(`${kind}, at the wrong time`);
    if (kind === 'ready') this.#ready = true;
    if (kind === 'rebuilt' && ++this.#rebuilt > REBUILT_MAX) throw new Refused(`${kind}, too often`);
    this.#over = kind === 'done' || kind === 'failed';
  }

  #read(kind: FromRecorder['kind'], fields: FieldReader): FromRecorder {
    switch (kind) {
      case 'ready':
        return { kind, sandbox: readSandbox(fields) };
      case 'block':
        return { kind, block: this.#readBlock(fields) };
      case 'rebuilt':
        return { kind, worker: this.#readWorker(fields), why: fields.text() };
      case 'progress':
        return { kind, progress: readProgress(fields) };
      case 'done':
        return { kind, result: readResult(fields) };
      case 'failed': {
        const code = fields.oneOf(CODES, 'an error');
        return {
          kind,
          code,
          message: fields.text(),
          hint: fields.optional(() => fields.text()) ?? undefined,
        };
      }
    }
  }

  #readWorker(fields: FieldReader): number {
    const worker = fields.u32();
    if (worker >= this.#nextSeq.length) throw new Refused(`worker ${worker}, which there is not`);
    return worker;
  }

  #readBlock(fields: FieldReader): SealedBlock {
    const worker = this.#readWorker(fields);
    const seq = fields.count();
    if (seq < this.#nextSeq[worker]!) throw new Refused(`block ${seq} of worker ${worker} out of order`);
    this.#nextSeq[worker] = seq + 1;
    const events = fields.u32();
    const [minNs, maxNs] = [fields.u64(), fields.u64()];
    if (minNs > maxNs) throw new Refused('a block that ends before it begins');
    const counts = this.#readCounts(fields);
    const frame = fields.rest();
    if (!isFrame(frame, 'MBBK')) throw new Refused('a block that is none');
    return { frame, worker, seq, events, minNs, maxNs, counts };
  }

  #readCounts(fields: FieldReader): Record<string, number> {
    const counts: Record<string, number> = {};
    let next = 0;
    for (let left = fields.u16(); left > 0; left--) {
      const index = fields.u16();
      if (index < next || index >= COUNTER_NAMES.length) throw new Refused(`a counter ${index}, wrong there`);
      next = index + 1;
      const name = COUNTER_NAMES[index]!;
      counts[name] = fields.count();
      const told = (this.#told.get(name) ?? 0) + counts[name];
      // The footer has the sum, and readers refuse one that a double does not hold exactly.
      if (told > Number.MAX_SAFE_INTEGER) throw new Refused('counts no recording reaches');
      this.#told.set(name, told);
    }
    return counts;
  }
}

function readSandbox(fields: FieldReader): Sandbox {
  const flag = () => fields.oneOf([false, true], 'a choice of yes and no,');
  return {
    unfiltered: fields.optional(() => fields.text()),
    threads: fields.u32(),
    bounded: fields.u32(),
    noNewPrivs: flag(),
    hidden: flag(),
  };
}

function readProgress(fields: FieldReader): RecorderProgress {
  const [bytesRead, packets, requests] = [fields.count(), fields.count(), fields.count()];
  const [hits, misses, lost] = [fields.count(), fields.count(), fields.count()];
  return { bytesRead, packets, requests, hits, misses, lost, lag: readLag(fields) };
}

function readResult(fields: FieldReader): RecorderResult {
  const counters = Object.fromEntries(COUNTER_NAMES.map((name) => [name, fields.count()])) as Record<
    Counter,
    number
  >;
  return {
    counters,
    ended: fields.oneOf(ENDS, 'an end'),
    span: fields.optional(() => ({ first: fields.u64(), last: fields.u64() })),
    lag: readLag(fields),
    broken: fields.optional(() => ({ name: fields.text(), why: fields.text() })),
    // A live source filters, so packets of other ports never arrive.
    elsewhere: [],
  };
}

function readLag(fields: FieldReader): Lag | null {
  return fields.optional(() => ({ p50: fields.f64(), p99: fields.f64(), max: fields.f64() }));
}
