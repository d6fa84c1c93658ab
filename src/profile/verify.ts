import { isDeepStrictEqual } from 'node:util';
import { readBlock } from './block.js';
import { asBody, decodeBody } from './body.js';
import { hex } from './bytes.js';
import { checkBlock } from './check-block.js';
import { BlockError, type Damage, DamageList } from './damage.js';
import { FileBytes } from './file-bytes.js';
import { type BlockEntry, type Footer, readFooter } from './footer.js';
import { type Frame, FrameFile } from './frames.js';
import type { Header } from './header.js';
import { readLoss } from './loss.js';
import { type BlockName, missingBlocks } from './missing.js';
import { readNote } from './note.js';
import { ProfileReader } from './reader.js';
import { upgradeBlock } from './upgrade.js';

/** Result of verifying a profile. */
export interface Verification {
  /** Whether nothing is missing or damaged, and all sums are right. */
  perfect: boolean;
  blocks: {
    /** Blocks that can be used. */
    good: number;
    /** Blocks with a right checksum and an invalid content. */
    bad: number;
    /** Blocks that were written and are missing. */
    missing: BlockName[];
  };
  /** Events in the good blocks. */
  events: number;
  footer: boolean;
  /** Ranges of the file that are not frames. */
  damage: readonly Damage[];
  /** Descriptions of the problems, a sentence each, at most PROBLEMS_MAX. */
  problems: string[];
}

/** Most problems described, so that a file of garbage does not make a list as long as itself. */
const PROBLEMS_MAX = 10_000;

/**
 * Verifies all bytes of a profile without using its index: checksums of frames, columns of blocks, sequence
 * numbers, and the footer's list and sums.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function verifyProfile(path: string): Verification {
  using reader = new ProfileReader(new FileBytes(path));
  const walk = new Walk(new FrameFile(new FileBytes(path)), reader.header);
  return walk.run();
}

class Walk {
  readonly #file: FrameFile;
  readonly #header: Header;
  readonly #damage = new DamageList();
  readonly #problems: string[] = [];
  readonly #good: BlockEntry[] = [];
  readonly #names = new Set<string>();
  #bad = 0;
  #headerAtStart: unknown = null;
  #footer: Footer | null = null;

  constructor(file: FrameFile, header: Header) {
    this.#file = file;
    this.#header = header;
  }

  run(): Verification {
    try {
      for (const frame of this.#file.frames((damage) => this.#damaged(damage))) this.#frame(frame);
    } finally {
      this.#file.close();
    }
    if (this.#headerAtStart === null) this.#say('the header is missing');
    const known = [...this.#good, ...(this.#footer?.blocks ?? [])];
    const missing = missingBlocks(this.#good, known, this.#header.firstSeq);
    for (const { worker, seq } of missing) this.#say(`block ${seq} of worker ${worker} is missing`);
    this.#compareFooter();
    return {
      perfect: this.#problems.length === 0,
      blocks: { good: this.#good.length, bad: this.#bad, missing },
      events: this.#good.reduce((sum, { events }) => sum + events, 0),
      footer: this.#footer !== null,
      damage: this.#damage.entries,
      problems: this.#problems,
    };
  }

  #damaged(damage: Damage): void {
    this.#damage.add(damage);
    const { offset, bytes, unfinished } = damage;
    const where = offset + bytes === this.#file.size ? ' (the end of the file)' : '';
    const what = unfinished ? 'the start of a frame, cut short or still being written' : damage.reason;
    this.#say(`${bytes} bytes at offset ${offset}${where}: ${what}`);
  }

  #frame(frame: Frame): void {
    if (this.#footer !== null) this.#problem(frame, 'it is after the footer');
    try {
      if (frame.magic === 'MBHD') this.#takeHeader(frame);
      else if (frame.magic === 'MBBK') this.#takeBlock(frame);
      else if (frame.magic === 'MBLS') this.#checkRun(readLoss(decodeBody(frame.body)));
      else if (frame.magic === 'MBNT') this.#checkRun(readNote(decodeBody(frame.body)));
      else if (frame.magic === 'MBFT') this.#takeFooter(frame);
      // A frame of an unknown kind cannot be verified; also, the checksum does not cover the magic.
      else this.#problem(frame, `a frame of kind ${JSON.stringify(frame.magic)} is not known`);
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      if (frame.magic === 'MBBK') this.#bad++;
      this.#problem(frame, error.message);
    }
  }

  #problem(frame: Frame, what: string): void {
    this.#say(`the frame at offset ${frame.offset}: ${what}`);
  }

  #say(problem: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(problem);
  }

  #takeHeader(frame: Frame): void {
    if (frame.offset > 0) throw new BlockError('a header that is not at the start');
    this.#headerAtStart = decodeBody(frame.body);
  }

  #takeBlock(frame: Frame): void {
    const { version, names } = this.#header;
    const block = readBlock(upgradeBlock(decodeBody(frame.body), version), names);
    const { worker, seq, events, minNs, maxNs } = block;
    this.#checkRun(block);
    if (block.unit !== this.#header.unit) throw new BlockError('a block with another unit of time');
    const name = `block ${seq} of worker ${worker}`;
    if (this.#names.has(name)) throw new BlockError(`${name} a second time`);
    if (seq < (this.#header.firstSeq[worker] ?? 0)) throw new BlockError(`${name}, from an earlier part`);
    this.#names.add(name);
    checkBlock(block);
    this.#good.push({ offset: frame.offset, bytes: frame.bytes, worker, seq, events, minNs, maxNs });
  }

  #checkRun({ run }: { run: string }): void {
    if (run !== this.#header.run) throw new BlockError('it belongs to another recording');
  }

  #takeFooter(frame: Frame): void {
    // A second footer is reported already, and may belong to another profile.
    if (this.#footer !== null) return;
    const body = decodeBody(frame.body);
    const footer = readFooter(body);
    const header = asBody(body.header, 'header');
    // The footer of another recording is not compared with these blocks.
    if (header.run instanceof Uint8Array && hex(header.run) === this.#header.run) this.#footer = footer;
    if (this.#headerAtStart !== null && !isDeepStrictEqual(header, this.#headerAtStart)) {
      throw new BlockError('its header is not the one at the start');
    }
  }

  #compareFooter(): void {
    if (this.#footer === null) {
      this.#say('the footer is missing: the recording was cut short, or goes on');
      return;
    }
    const events = this.#good.reduce((sum, entry) => sum + entry.events, 0);
    const told = this.#footer.counts.events ?? 0;
    if (told !== events) this.#say(`the footer counts ${told} events, the good blocks hold ${events}`);
    // Missing blocks are reported already; blocks that are present must be listed as they are.
    const listed = this.#footer.blocks;
    if (listed === null) return;
    const byOffset = new Map(listed.map((entry) => [entry.offset, entry]));
    for (const entry of this.#good) {
      if (!isDeepStrictEqual(byOffset.get(entry.offset), entry)) {
        this.#say(`block ${entry.seq} of worker ${entry.worker} is not as the footer lists it`);
      }
    }
    if (listed.length > byOffset.size) this.#say('the footer lists two blocks at one place');
  }
}
