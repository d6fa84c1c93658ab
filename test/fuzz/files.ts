/**
 * Fuzzing by capture files: one seed, one file, valid and then mutated in its heads, lengths, options, bytes
 * and blocks. The second of the twins reads it in pieces of another size; a few files go through the pipeline
 * with slots of two sizes, too.
 */
import { isDeepStrictEqual } from 'node:util';
import { MembenchError } from '#src/errors.js';
import { recordInProcess } from '../support/in-process.js';
import { between, oneOf, stream } from '../support/random.js';
import { type CaptureFile, captureFile } from './capture-files.js';
import { conversationOf, resetConversations } from './conversations.js';
import { Find } from './find.js';
import { corrupt, mutate } from './mutate.js';
import { CHUNK_MAX, ROOMS, type Room } from './parser.js';
import type { Beat, Capture } from './prey.js';
import { runCapture } from './run-capture.js';
import type { Random } from './tokens.js';
import { twinsOf } from './twins.js';

/** Files of a seed. */
export const PER_SEED = 1;

/** Most files are a few kilobytes. These are more than the parser carries from one chunk to the next. */
const FILE_MAX = 4 * CHUNK_MAX;
/** Bytes of the second twin's pieces: by one only where the file is short. */
const STEPS = [7, 16, 61, 100, 333, 1000, 4096, 65_536, CHUNK_MAX];
const SHORT = 4096;
/** One file of so many goes through the pipeline, with slots of these sizes. */
const PIPED = 100;
const SLOTS = [512, 4096, 20_000];

/** Lengths at which a bound lies: of a packet, a chunk, and what is carried over. */
const LENGTHS = [65_536, 262_144, 262_208, 262_144, 524_288, 2 ** 30];

const packets = Buffer.alloc(FILE_MAX);
const file = Buffer.alloc(FILE_MAX);
/** The file before this one's last mutation by blocks, or another. */
const spare = Buffer.alloc(FILE_MAX);

/** A seed's file. */
export function captureOf(seed: number): Required<Capture> {
  const random = stream(seed);
  resetConversations();
  const room = oneOf(random, Object.keys(ROOMS) as Room[]);
  const made = captureFile(random, packetsOf(random));
  let size = Math.min(FILE_MAX, made.bytes.length);
  file.set(made.bytes.subarray(0, size));
  const borders = made.borders.filter((at) => at < size);
  for (let times = random() < 0.05 ? 0 : between(random, 1, 6); times > 0 && size > 4; times--) {
    size = damage(random, made, borders, size);
  }
  const step = size < SHORT && random() < 0.1 ? 1 : oneOf(random, STEPS);
  return { room, step, capture: file.subarray(0, size) };
}

/** Records of a conversation or three. */
function packetsOf(random: Random): Buffer {
  let size = 0;
  for (let n = between(random, 1, 3); n > 0; n--) {
    const records = conversationOf(random);
    if (size + records.length > FILE_MAX) break;
    packets.set(records, size);
    size += records.length;
  }
  return packets.subarray(0, size);
}

/** Mutates the file once; returns its size. */
function damage(random: Random, { isPcapng }: CaptureFile, borders: readonly number[], size: number): number {
  const border = borders.length > 0 ? oneOf(random, borders) : 0;
  switch (between(random, 0, 10)) {
    case 0:
    case 1:
    case 2:
      // A number of a head.
      field(random, Math.min(border + 4 * between(random, 0, isPcapng ? 9 : 3), size - 4));
      return size;
    case 3:
      // The last number of the block before, its trailing length.
      field(random, Math.max(0, Math.min(border, size) - 4));
      return size;
    case 4:
      // The file's own head; mostly not what it is known by.
      field(random, random() < 0.1 ? 0 : Math.min(4 * between(random, 1, 5), size - 4));
      return size;
    case 5:
      corrupt(random, file, 0, size);
      return size;
    case 6:
      return mutate(random, file, Math.min(border, size - 1), size);
    case 7:
      stretch(random, isPcapng, border, size);
      return size;
    case 8:
      return between(random, Math.max(1, Math.min(size, border)), size);
    default:
      return shuffle(random, borders, size);
  }
}

/** Overwrites a number of 32 bits: by one of note, or by one near it. */
function field(random: Random, at: number): void {
  if (random() < 0.5) {
    corrupt(random, file, at, at + 4);
    return;
  }
  const change = oneOf(random, [1, 2, 3, 4, 8, 16, 256, 65_536]) * (random() < 0.5 ? 1 : -1);
  if (random() < 0.5) file.writeUInt32LE((file.readUInt32LE(at) + change) >>> 0, at);
  else file.writeUInt32BE((file.readUInt32BE(at) + change) >>> 0, at);
}

/** Makes a packet one of a length at which a bound lies, and its block as long. */
function stretch(random: Random, isPcapng: boolean, border: number, size: number): void {
  const at = border + (isPcapng ? 20 : 8);
  if (at + 4 > size) return;
  const captured = oneOf(random, LENGTHS) + between(random, -2, 2);
  const isLittle = random() < 0.6;
  const write = (value: number, where: number) =>
    isLittle ? file.writeUInt32LE(value, where) : file.writeUInt32BE(value, where);
  write(captured, at);
  if (isPcapng) write((captured + 35) & ~3, border + 4);
}

/** A block out, twice, or one from elsewhere in. */
function shuffle(random: Random, borders: readonly number[], size: number): number {
  const i = between(random, 0, Math.max(0, borders.length - 2));
  const from = Math.min(borders[i] ?? 0, size);
  const to = Math.min(borders[i + 1] ?? size, size);
  const part = to - from;
  switch (between(random, 0, 2)) {
    case 0:
      file.copyWithin(from, to, size);
      return size - part;
    case 1: {
      const where = Math.min(oneOf(random, borders) ?? size, size);
      if (size + part > FILE_MAX) return size;
      file.copy(spare, 0, from, to);
      file.copyWithin(where + part, where, size);
      spare.copy(file, where, 0, part);
      return size + part;
    }
    default: {
      // All of it once more, another section, or a file behind a file; now and then until it is as long as any.
      const often = random() < 0.05;
      let whole = size;
      do {
        if (2 * whole > FILE_MAX) break;
        file.copy(file, whole, 0, whole);
        whole *= 2;
      } while (often);
      return whole;
    }
  }
}

/** Runs a seed's file. @throws Find */
export function run(seed: number, beat: Beat): Uint32Array | null {
  const { room, step, capture } = captureOf(seed);
  beat(0);
  const twins = twinsOf(room);
  try {
    runCapture(twins, capture, step);
  } catch (error) {
    // A file that says itself that it is none.
    if (error instanceof MembenchError) return null;
    throw error;
  }
  if (seed % PIPED === 0) comparePipelines(stream(seed), capture);
  return twins.counters;
}

/** The pipeline must give the same events, however large its slots are. */
function comparePipelines(random: Random, capture: Uint8Array): void {
  const map = { state: 4 << 20, blockEvents: 512 };
  const slotSize = oneOf(random, SLOTS);
  const one = recordInProcess(capture, { map: { ...map, slotSize: CHUNK_MAX } });
  const other = recordInProcess(capture, { map: { ...map, slotSize } });
  if (!isDeepStrictEqual(one.counters, other.counters) || one.broken !== other.broken) {
    throw new Find('slots differ', `counters with slots of ${slotSize} bytes are others`);
  }
  if (!isDeepStrictEqual(one.events, other.events)) {
    throw new Find('slots differ', `events with slots of ${slotSize} bytes are others`);
  }
}
