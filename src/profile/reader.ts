import { MembenchError } from '../errors.js';
import { type Block, readBlock } from './block.js';
import { asBody, asBytes, type Body, decodeBody } from './body.js';
import { hex, type ProfileBytes } from './bytes.js';
import { addCounts } from './counts.js';
import { BlockError, type Damage, DamageList } from './damage.js';
import { type BlockEntry, type Footer, readFooter } from './footer.js';
import { type Frame, FrameFile } from './frames.js';
import { FORMAT_VERSION, type Header, readHeader } from './header.js';
import { type Loss, readLoss } from './loss.js';
import { type BlockName, missingBlocks } from './missing.js';
import { type Note, readNote } from './note.js';
import { upgradeBlock } from './upgrade.js';

/** Most loss records, and most notes, of one file. */
const RECORDS_MAX = 100_000;

/**
 * A profile opened for reading, as it is at this moment: complete, still being written, cut short or damaged.
 * Where the footer's index is valid, opening reads little more than the index; else it walks all frames once.
 * Either way only the positions of blocks are kept, so that memory does not grow with their content.
 *
 * With an index, damage in a block is found only when the block is read; `damage`, `missing` and `complete`
 * tell what was found so far.
 */
export class ProfileReader {
  readonly path: string;
  readonly header: Header;
  /** The footer; null while the profile is being written, and where it was cut short. */
  readonly footer: Footer | null = null;
  /** The blocks, in file order. */
  readonly blocks: readonly BlockEntry[];
  readonly losses: readonly Loss[];
  /** Loss records and notes, in file order. */
  readonly notes: readonly Note[];
  readonly #file: FrameFile;
  readonly #damage = new DamageList();
  /** Entries of blocks found damaged. */
  readonly #bad = new Set<BlockEntry>();

  /**
   * Closes `bytes` with itself, or where it cannot be opened.
   *
   * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
   */
  constructor(bytes: ProfileBytes) {
    this.path = bytes.name;
    this.#file = new FrameFile(bytes);
    try {
      const tail = this.#file.lastFrame('MBFT');
      const footer = tail === null ? null : attempt(() => decodeBody(tail.body));
      this.header = openHeader(this.#file, footer);
      const blocks: BlockEntry[] = [];
      const losses: Loss[] = [];
      const notes: Note[] = [];
      this.blocks = blocks;
      this.losses = losses;
      this.notes = notes;
      const onDamage = (damage: Damage) => this.#damage.add(damage);
      let at = 0;
      for (const entry of [...usableIndex(this.#file, this.header.run, tail, footer), endOf(this.#file)]) {
        for (const frame of this.#file.frames(onDamage, at, entry.offset)) {
          try {
            if (frame.magic === 'MBBK') blocks.push(this.#place(frame));
            else if (frame.magic === 'MBLS') this.#add(losses, readLoss(decodeBody(frame.body)));
            else if (frame.magic === 'MBNT') this.#add(notes, readNote(decodeBody(frame.body)));
            else if (frame.magic === 'MBFT') this.footer = this.#placeFooter(decodeBody(frame.body));
          } catch (error) {
            if (!(error instanceof BlockError)) throw error;
            onDamage({ offset: frame.offset, bytes: frame.bytes, unfinished: false, reason: error.message });
          }
        }
        if (entry.bytes > 0) blocks.push(entry);
        at = entry.offset + entry.bytes;
      }
      this.#discardCopies();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** The damage found so far. */
  get damage(): readonly Damage[] {
    return this.#damage.entries;
  }

  /**
   * Reads one block.
   *
   * @throws BlockError where it is damaged; the damage is also added to `damage`
   */
  block(entry: BlockEntry): Block {
    try {
      const frame = this.#file.frameAt(entry.offset);
      if (frame === null) throw new BlockError('its checksum is wrong');
      const block = this.#readBlock(frame);
      if (!isSameBlock(block, entry)) throw new BlockError('it is not the block in the index');
      return block;
    } catch (error) {
      if (error instanceof BlockError) this.discard(entry, error.message);
      throw error;
    }
  }

  /**
   * Reads and decodes one block. Returns null where it is damaged, and adds that to `damage`, so that callers
   * can go through the good blocks.
   */
  read<T>(entry: BlockEntry, decode: (block: Block) => T): T | null {
    if (this.#bad.has(entry)) return null;
    try {
      return decode(this.block(entry));
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      this.discard(entry, error.message);
      return null;
    }
  }

  /** Yields every good block, in file order. */
  *readBlocks(): Generator<Block> {
    for (const entry of this.blocks) {
      const block = this.read(entry, (found) => found);
      if (block !== null) yield block;
    }
  }

  /** Marks a block as damaged. */
  discard(entry: BlockEntry, reason: string): void {
    if (this.#bad.has(entry)) return;
    this.#bad.add(entry);
    const { offset, bytes, worker, seq } = entry;
    const where = `block ${seq} of worker ${worker}`;
    this.#damage.add({ offset, bytes, unfinished: false, reason: `${where}: ${reason}` });
  }

  /**
   * Counters of the whole recording: those of the footer, or else the sums of the blocks and loss records.
   */
  counts(): Record<string, number> {
    if (this.footer !== null) return this.footer.counts;
    const sum: Record<string, number> = {};
    for (const { counts } of this.readBlocks()) addCounts(sum, counts);
    for (const { reason, packets } of this.losses) addCounts(sum, { [`lost_${reason}`]: packets });
    return sum;
  }

  /** Whether every block that was written is present and good, as far as is known. */
  get complete(): boolean {
    if (this.footer === null || this.missing().length > 0) return false;
    // Without an index, any damage may have been the last block of a worker.
    return this.footer.blocks !== null || this.damage.length === 0;
  }

  /** Blocks known by the footer or by sequence numbers that are missing or damaged. */
  missing(): BlockName[] {
    const good = this.blocks.filter((entry) => !this.#bad.has(entry));
    return missingBlocks(good, [...this.blocks, ...(this.footer?.blocks ?? [])], this.header.firstSeq);
  }

  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #place(frame: Frame): BlockEntry {
    const { worker, seq, events, minNs, maxNs } = this.#readBlock(frame);
    return { offset: frame.offset, bytes: frame.bytes, worker, seq, events, minNs, maxNs };
  }

  #readBlock(frame: Frame): Block {
    const { version, names } = this.header;
    const block = this.#own(readBlock(upgradeBlock(decodeBody(frame.body), version), names));
    if (block.unit !== this.header.unit) throw new BlockError('it has another unit of time');
    return block;
  }

  /** Accepts the first footer only: frames after it may belong to another profile. */
  #placeFooter(body: Body): Footer {
    if (this.footer !== null) throw new BlockError('a second footer');
    const footer = readFooter(body);
    this.#own({ run: runOf(body) });
    return footer;
  }

  /** Adds a loss record or a note to its list. */
  #add<T extends { run: string }>(list: T[], record: T): void {
    if (this.footer !== null) throw new BlockError('it is after the footer');
    if (list.length >= RECORDS_MAX) throw new BlockError('there are too many of its kind');
    list.push(this.#own(record));
  }

  /** Returns a record if it belongs to this recording. */
  #own<T extends { run: string }>(record: T): T {
    if (record.run !== this.header.run) throw new BlockError('it belongs to another recording');
    return record;
  }

  /** Keeps the first of several blocks with the same name; FORMAT.md does not allow a second. */
  #discardCopies(): void {
    const seen = new Map<number, Set<number>>();
    for (const entry of this.blocks) {
      const seqs = seen.get(entry.worker) ?? new Set();
      seen.set(entry.worker, seqs);
      if (seqs.has(entry.seq)) this.discard(entry, 'it is there already');
      seqs.add(entry.seq);
    }
  }
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof BlockError) return null;
    throw error;
  }
}

/** Reads the header, at the start of the file or in the footer. */
function openHeader(file: FrameFile, footer: Body | null): Header {
  const fail = (why: string, hint?: string): never => {
    throw new MembenchError('ERR_MEMBENCH_NOT_A_PROFILE', `${file.path}: ${why}`, hint);
  };
  const first = file.frameAt(0);
  try {
    let body: Body;
    if (first?.magic === 'MBHD') body = decodeBody(first.body);
    else if (footer !== null) body = asBody(footer.header, 'the header in the footer');
    else if (file.size === 0) return fail('it is empty');
    else if (file.headAt(0)?.magic === 'MBHD')
      return fail('its header is damaged or not whole, and it has no footer');
    else {
      const how = file.isCapture ? `membench record ${file.path}` : undefined;
      return fail('it does not start like a profile', how);
    }
    if (Number(body.version) > FORMAT_VERSION) {
      const why = `it has format version ${body.version}, and this release reads up to ${FORMAT_VERSION}`;
      return fail(why, 'use a newer membench');
    }
    return readHeader(body);
  } catch (error) {
    if (error instanceof BlockError) return fail(error.message);
    throw error;
  }
}

/**
 * The block index of the footer, if it is valid: the blocks are in order and do not overlap, and at each
 * position there is the head of a block of that size. Empty where it is not; then all frames are walked.
 */
function usableIndex(file: FrameFile, run: string, tail: Frame | null, footer: Body | null): BlockEntry[] {
  if (tail === null || footer === null || attempt(() => runOf(footer)) !== run) return [];
  const blocks = attempt(() => readFooter(footer).blocks);
  let at = 0;
  for (const { offset, bytes } of blocks ?? []) {
    const head = offset < at ? null : file.headAt(offset);
    if (head?.magic !== 'MBBK' || head.bytes !== bytes) return [];
    at = offset + bytes;
  }
  return blocks === null || at > tail.offset ? [] : blocks;
}

/** Id of the recording to which a footer belongs. */
function runOf(footer: Body): string {
  return hex(asBytes(asBody(footer.header, 'the header in the footer').run, 'run'));
}

/** An empty entry at the end of the file. */
function endOf(file: FrameFile): BlockEntry {
  return { offset: file.size, bytes: 0, worker: 0, seq: 0, events: 0, minNs: 0n, maxNs: 0n };
}

function isSameBlock(block: Block, entry: BlockEntry): boolean {
  return (
    block.worker === entry.worker &&
    block.seq === entry.seq &&
    block.events === entry.events &&
    block.minNs === entry.minNs &&
    block.maxNs === entry.maxNs
  );
}
