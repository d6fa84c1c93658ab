import { MembenchError } from '../errors.js';
import { type Block, BlockError, decodeBlock, decodeBody } from './decode-block.js';
import { type Damage, FrameFile } from './frames.js';
import { FORMAT_NAME, FORMAT_VERSION, type Names } from './header.js';

/** The header as read. */
export interface Header {
  version: number;
  run: string;
  createdNs: bigint;
  tool: string;
  source: string;
  unit: number;
  workers: number;
  ports: [first: number, last: number][];
  keyId: string;
  names: Names;
}

/** Where a block lies, and what it covers. */
export interface BlockEntry {
  offset: number;
  bytes: number;
  worker: number;
  seq: number;
  events: number;
  minNs: bigint;
  maxNs: bigint;
}

export interface Footer {
  ended: string;
  elapsedNs: bigint;
  counts: Record<string, number>;
  firstNs: bigint;
  lastNs: bigint;
  blocks: BlockEntry[];
}

/** A packet loss written while recording. */
export interface Loss {
  worker: number;
  reason: string;
  packets: number;
}

const hex = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString('hex');

function parseHeader(path: string, body: Record<string, unknown>): Header {
  if (body.format !== FORMAT_NAME) throw notAProfile(path, 'its header says it is something else');
  const version = Number(body.version);
  if (version > FORMAT_VERSION) {
    throw notAProfile(path, `it has format version ${version}, and this release reads up to ${FORMAT_VERSION}`, 'use a newer membench');
  }
  return {
    version,
    run: hex(body.run),
    createdNs: BigInt(body.created_ns as bigint),
    tool: String(body.tool),
    source: String(body.source),
    unit: Number(body.unit),
    workers: Number(body.workers),
    ports: body.ports as [number, number][],
    keyId: hex(body.key_id),
    names: body.names as Names,
  };
}

function parseFooter(body: Record<string, unknown>): Footer {
  return {
    ended: String(body.ended),
    elapsedNs: BigInt(body.elapsed_ns as bigint),
    counts: body.counts as Record<string, number>,
    firstNs: BigInt(body.first_ns as bigint),
    lastNs: BigInt(body.last_ns as bigint),
    blocks: (body.blocks as (number | bigint)[][]).map((row) => ({
      offset: Number(row[0]),
      bytes: Number(row[1]),
      worker: Number(row[2]),
      seq: Number(row[3]),
      events: Number(row[4]),
      minNs: BigInt(row[5]!),
      maxNs: BigInt(row[6]!),
    })),
  };
}

function notAProfile(path: string, why: string, hint?: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_NOT_A_PROFILE', `${path}: ${why}`, hint);
}

/**
 * A profile opened for reading: whole, still being written, cut short or damaged. Opening walks the
 * frames once and keeps only where the blocks are; memory does not grow with what is in them.
 */
export class ProfileReader {
  readonly path: string;
  readonly header: Header;
  /** Null while it is being written, and where it was cut short. */
  readonly footer: Footer | null;
  /** Every good block, in file order. */
  readonly blocks: readonly BlockEntry[];
  readonly losses: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly #file: FrameFile;

  /** @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE */
  constructor(path: string) {
    this.path = path;
    this.#file = new FrameFile(path);
    try {
      const damage: Damage[] = [];
      const blocks: BlockEntry[] = [];
      const losses: Loss[] = [];
      let header: Header | undefined;
      let footer: Footer | null = null;
      for (const frame of this.#file.frames((found) => damage.push(found))) {
        try {
          if (frame.magic === 'MBHD') header ??= parseHeader(path, decodeBody(frame.body));
          else if (frame.magic === 'MBBK') {
            const { worker, seq, events, minNs, maxNs } = decodeBlock(frame.body);
            blocks.push({ offset: frame.offset, bytes: frame.bytes, worker, seq, events, minNs, maxNs });
          } else if (frame.magic === 'MBLS') losses.push(decodeBody(frame.body) as unknown as Loss);
          else if (frame.magic === 'MBFT') {
            const body = decodeBody(frame.body);
            header ??= parseHeader(path, body.header as Record<string, unknown>);
            footer = parseFooter(body);
          }
        } catch (error) {
          if (error instanceof MembenchError) throw error;
          damage.push({ offset: frame.offset, bytes: frame.bytes, atEnd: false });
        }
      }
      if (header === undefined) {
        throw notAProfile(path, this.#file.size === 0 ? 'it is empty' : 'it has no readable header');
      }
      this.header = header;
      this.footer = footer;
      this.blocks = blocks;
      this.losses = losses;
      this.damage = damage;
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** Reads one block. */
  block(entry: BlockEntry): Block {
    const frame = this.#file.frameAt(entry.offset);
    if (frame === null) throw new BlockError(`block at ${entry.offset} changed while reading`);
    return decodeBlock(frame.body);
  }

  /** Counters of the whole recording: the footer's, or what the blocks add up to. */
  counts(): Record<string, number> {
    if (this.footer !== null) return this.footer.counts;
    const sum: Record<string, number> = {};
    for (const entry of this.blocks) {
      for (const [name, value] of Object.entries(this.block(entry).counts)) sum[name] = (sum[name] ?? 0) + Number(value);
    }
    return sum;
  }

  /** Whether every block that was written is here, as far as the file can tell. */
  get complete(): boolean {
    return this.footer !== null && this.missing().length === 0;
  }

  /** Blocks the footer or the sequence numbers know of that are not here. */
  missing(): { worker: number; seq: number }[] {
    const have = new Set(this.blocks.map(({ worker, seq }) => `${worker}/${seq}`));
    const wanted = new Map<string, { worker: number; seq: number }>();
    const want = (worker: number, seq: number) => {
      const key = `${worker}/${seq}`;
      if (!have.has(key)) wanted.set(key, { worker, seq });
    };
    for (const { worker, seq } of this.footer?.blocks ?? []) want(worker, seq);
    const last = new Map<number, number>();
    for (const { worker, seq } of this.blocks) last.set(worker, Math.max(seq, last.get(worker) ?? -1));
    for (const [worker, seq] of last) for (let i = 0; i < seq; i++) want(worker, i);
    return [...wanted.values()].sort((a, b) => a.worker - b.worker || a.seq - b.seq);
  }

  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
