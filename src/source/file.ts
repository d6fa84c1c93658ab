import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { fileReason, MembenchError, type Reason } from '../errors.js';
import type { Counter } from '../layout/generated.js';
import { PCAP_HEADER } from '../layout/generated.js';
import { parseCaptureHeader } from '../memory/capture-header.js';
import {
  type ByteReader,
  DescriptorReader,
  FileReader,
  ReplayReader,
  readFully,
  StreamReader,
} from './bytes.js';
import { type CaptureInput, unitOf } from './captures.js';
import { findFirstPacket, inOrder } from './first-packet.js';
import { isInterface, STDIN } from './names.js';
import type { CapturesFeed, KernelCounts, PacketSource } from './source.js';
import { compressionOf, UnpackReader } from './unpack.js';

/** Time without any bytes from a pipe after which a hint is given, ms. */
const WITHOUT_DATA = 10_000;

/** Most names of files in a message. */
const NAMES_SHOWN = 12;

/** Reasons that are worded differently for captures than for other files. */
const REASONS: Readonly<Record<string, Reason>> = {
  EISDIR: ['it is a directory', 'name a capture file in it'],
  ENXIO: ['it is neither a file nor a FIFO'],
  Z_BUF_ERROR: ['the compressed file ends too early'],
  Z_DATA_ERROR: ['the compressed data is damaged'],
};

/** Why a capture cannot be opened or read. */
export function captureReason(error: unknown): Reason {
  return fileReason(error, REASONS);
}

/** The error for a capture that cannot be opened or read. */
export function sourceError(path: string, error: unknown): MembenchError {
  const [why, hint] = captureReason(error);
  return new MembenchError('ERR_MEMBENCH_SOURCE', `${path}: ${why}`, hint, error);
}

/** An open capture. */
interface OpenFile extends CaptureInput {
  stat: Stats | null;
  /** Time of its first packet, Unix nanoseconds; null where it is unknown or not needed. */
  first: bigint | null;
  close(): void;
}

/** Captures from files, FIFOs or standard input. */
export class FileSource implements PacketSource {
  readonly kind = 'file';
  readonly finite = true;
  readonly info: string;
  readonly unit: 1 | 1000;
  readonly feed: CapturesFeed;
  readonly needs = [];
  readonly #files: readonly OpenFile[];

  private constructor(files: readonly OpenFile[]) {
    this.info = files.map(({ name }) => name).join(', ');
    this.unit = unitOf(files);
    this.feed = { kind: 'captures', captures: files };
    this.#files = files;
  }

  /**
   * Opens captures and reads their headers. Several are read in the order of their first packets, because the
   * shell's `pcap*` puts pcap10 before pcap2.
   *
   * @param paths `-` is standard input
   * @param signal ends the wait for a header
   * @param tell called where the order differs from that of the paths, and where a pipe sends nothing for
   *   long
   * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE, ERR_MEMBENCH_UNSUPPORTED,
   *   ERR_MEMBENCH_ABORTED
   */
  static async open(
    paths: readonly string[],
    signal?: AbortSignal,
    tell: (message: string) => void = () => {},
  ): Promise<FileSource> {
    const files: OpenFile[] = [];
    try {
      for (const path of paths) files.push(await openCapture(path, paths.length > 1, signal, tell));
      const ordered = inOrder(files);
      if (ordered.some((file, i) => file !== files[i])) {
        tell(`the files are taken in the order of their first packets: ${listed(ordered)}`);
      }
      return new FileSource(ordered);
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
  }

  onChange(): void {}

  start(): void {}

  stop(): void {}

  /** Only pcapng has the number of dropped packets, and only where the capturing program wrote it. */
  kernel(counters: Readonly<Record<Counter, number>>): KernelCounts {
    return { received: null, dropped: counters.lost_by_kernel || null };
  }

  is(path: string): boolean {
    const other = statOf(path);
    return this.#files.some(({ stat }) => stat !== null && other?.ino === stat.ino && other.dev === stat.dev);
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}

/** Names of files for a message, at most NAMES_SHOWN. */
function listed(files: readonly OpenFile[]): string {
  const names = files.slice(0, NAMES_SHOWN).map(({ name }) => name);
  return [...names, ...(files.length > NAMES_SHOWN ? [`… (${files.length} in all)`] : [])].join(', ');
}

/** Status of the file at a path; undefined where there is none or it cannot be read. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** @param ordered whether to find the time of the first packet */
async function openCapture(
  path: string,
  ordered: boolean,
  signal: AbortSignal | undefined,
  tell: (message: string) => void,
): Promise<OpenFile> {
  const { name, reader, stat, close } = path === STDIN ? openStdin() : openFile(path);
  const stop = () => reader.stop();
  signal?.addEventListener('abort', stop);
  // For pipes only: a file is read at once.
  const timer = setTimeout(() => {
    tell(
      `nothing came through ${name} for ${WITHOUT_DATA / 1000} s (tcpdump -U writes every packet at once)`,
    );
  }, WITHOUT_DATA);
  try {
    const cannotRead = (error: unknown): never => {
      throw sourceError(name, error);
    };
    const read = (from: ByteReader, buffer: Uint8Array) => readFully(from, buffer).catch(cannotRead);
    let bytes = reader;
    let head = new Uint8Array(PCAP_HEADER);
    head = head.subarray(0, await read(bytes, head));
    const compression = compressionOf(head);
    if (compression !== undefined) {
      bytes = new UnpackReader(new ReplayReader(head, reader), compression);
      head = new Uint8Array(PCAP_HEADER);
      head = head.subarray(0, await read(bytes, head));
    }
    if (signal?.aborted) {
      throw new MembenchError('ERR_MEMBENCH_ABORTED', 'stopped before there was anything to record');
    }
    const header = parseCaptureHeader(head);
    const bytesTotal = stat?.isFile() ? stat.size : null;
    const rest = head.subarray(header.size);
    const { taken, time: first } = ordered
      ? await findFirstPacket(header, rest, bytes).catch(cannotRead)
      : { taken: rest, time: null };
    return { name, header, reader: recordsOf(bytes, taken, header.size), bytesTotal, stat, first, close };
  } catch (error) {
    close();
    if (!(error instanceof MembenchError) || error.code === 'ERR_MEMBENCH_SOURCE') throw error;
    if (error.code === 'ERR_MEMBENCH_ABORTED') throw error;
    throw new MembenchError(error.code, `${name}: ${error.message}`, error.hint);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** Reader of the records after the header, of which `taken` were read already. */
function recordsOf(bytes: ByteReader, taken: Uint8Array, headerSize: number): ByteReader {
  if (!(bytes instanceof FileReader)) return new ReplayReader(taken, bytes);
  bytes.position = headerSize;
  return bytes;
}

interface OpenBytes {
  name: string;
  reader: ByteReader;
  stat: Stats | null;
  close(): void;
}

function openFile(path: string): OpenBytes {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !isInterface(path))
      throw sourceError(path, error);
    const how = `it is an interface: membench record ${path}`;
    throw new MembenchError('ERR_MEMBENCH_SOURCE', `${path}: no such file`, how, error);
  }
  const stat = fstatSync(fd);
  if (!stat.isFile() && !stat.isFIFO()) {
    closeSync(fd);
    throw sourceError(path, Object.assign(new Error(), { code: stat.isDirectory() ? 'EISDIR' : 'ENXIO' }));
  }
  const reader = stat.isFile() ? new FileReader(fd) : new DescriptorReader(fd, false);
  return { name: path, reader, stat, close: () => closeSync(fd) };
}

/**
 * Opens standard input: a pipe that may send nothing for long, or a file that others may have begun to read.
 */
function openStdin(): OpenBytes {
  const name = 'standard input';
  if (process.stdin.isTTY) {
    throw new MembenchError(
      'ERR_MEMBENCH_SOURCE',
      `${name}: it is a terminal`,
      'tcpdump -w - … | membench record -',
    );
  }
  let stat: Stats | null = null;
  try {
    stat = fstatSync(0);
  } catch (error) {
    throw sourceError(name, error);
  }
  if (stat.isDirectory()) throw sourceError(name, Object.assign(new Error(), { code: 'EISDIR' }));
  if (stat.isFile()) return { name, reader: new DescriptorReader(0, true), stat, close() {} };
  const reader = new StreamReader(process.stdin);
  return { name, reader, stat, close: () => process.stdin.destroy() };
}
