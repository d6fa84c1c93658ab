/** Checks the BPF object, writes its settings, and loads it into the kernel. */
import { closeSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { MembenchError } from '../../errors.js';
import {
  KERNEL_COUNTERS,
  KERNEL_SETTINGS,
  LAYOUT_HASH,
  PORT_BITMAP,
  RING_CAPTURE_MAX,
} from '../../layout/generated.js';
import { portBitmap } from '../../memory/configure.js';
import type { PerfEvents, PerfRing } from '../../native/perf-events.js';
import { bpfReason, type Handle, type Libbpf } from './libbpf.js';
import { openPerfBuffer, PERF_CAPTURE_MAX } from './perf-buffer.js';

export interface ProgramSettings {
  ports: readonly (readonly [first: number, last: number])[];
  /** Number of rings, or of workers where there is a ring for each worker and CPU. */
  rings: number;
  /** Bytes of each ring. */
  ringSize: number;
  /** Opens the rings of the perf buffer, which is used instead of BPF rings. */
  perf?: PerfEvents | undefined;
  /** Seed of the flow hash, the same as the parser's. */
  seed: bigint;
  /** One in this many connections is captured. Default 1. */
  sample?: number | undefined;
  /** Most bytes of a packet to keep, from its IP header on. Default: as many as a ring takes. */
  snaplen?: number | undefined;
  /**
   * Shortest time between two wake-ups of a worker, seconds: how late an event may be before the worker's thread is
   * scheduled. Not with `perf`.
   */
  wakeInterval?: number | undefined;
  /** Whether values are left out of packets. Default false. */
  skipValues?: boolean | undefined;
  /**
   * The secret for the hashes of keys, 16 bytes, where segments of whole messages are parsed; values of others are
   * left out. The caller's copy is all that remains of it in this process.
   */
  parseKey?: Uint8Array | undefined;
  /** Whether the packets are those of a cgroup; else those of interfaces. Default false; not with `perf`. */
  cgroup?: boolean | undefined;
}

/** Descriptors of programs and maps in the kernel. */
export interface LoadedPrograms {
  /**
   * Descriptors of the programs: for devices with an Ethernet header and without a link header; or for what a cgroup
   * receives and sends.
   */
  readonly programs: readonly [number, number];
  /** Descriptors of the rings, those of a worker in a row. */
  readonly rings: readonly number[];
  readonly counters: number;
  readonly countersSize: number;
  readonly cpus: number;
  /** Descriptor of the bitmap of flows whose packets are copied whole; null where no values are left out. */
  readonly uncut: number | null;
  /**
   * Lets the programs take packets, in both directions from the same moment on: at first they only pass them on.
   *
   * @throws ERR_MEMBENCH_UNSUPPORTED
   */
  begin(): void;
  /** Lets them only pass packets on again; may be repeated. Where that fails they do until they are detached. */
  pause(): void;
  close(): void;
}

/** Default of `wakeInterval`, seconds. */
const WAKE_INTERVAL = 2e-3;

/** Endings of the programs' names: those that copy packets, leave out values, and parse. */
const SUFFIXES = ['', '_cut', '_parse'] as const;

/** Paths of the built objects: for BPF rings; and for the perf buffer and for cgroups, without programs that parse. */
const OBJECT = new URL('../../bpf/packets.bpf.o', import.meta.url);
const PERF_OBJECT = new URL('../../bpf/perf.bpf.o', import.meta.url);
const CGROUP_OBJECT = new URL('../../bpf/cgroup.bpf.o', import.meta.url);

const objectFor = ({ perf, cgroup }: ProgramSettings) =>
  perf !== undefined ? PERF_OBJECT : cgroup ? CGROUP_OBJECT : OBJECT;

/**
 * Loads the programs.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where the object is not built or the kernel refuses it
 */
export function loadPrograms(libbpf: Libbpf, settings: ProgramSettings): LoadedPrograms {
  // The one takes no stamps (bpf/perf.h), and the kernel does not tell the other what clock they are of.
  if (settings.perf !== undefined || settings.cgroup) return loadWith(libbpf, settings, false);
  try {
    return loadWith(libbpf, settings, true);
  } catch {
    // A kernel before 5.18 refuses the field; what else is wrong is said the second time.
    return loadWith(libbpf, settings, false);
  }
}

function loadWith(libbpf: Libbpf, settings: ProgramSettings, stamps: boolean): LoadedPrograms {
  const object = openObject(libbpf, objectFor(settings));
  const rings: Ring[] = [];
  try {
    return load(libbpf, object, { ...settings, stamps }, rings);
  } catch (error) {
    for (const ring of rings) ring.close();
    libbpf.close(object);
    throw error;
  }
}

/**
 * Checks the object without loading it: with libbpf that its layout is this one, else only that it exists.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED
 */
export function checkObject(libbpf: Libbpf | undefined): void {
  if (libbpf === undefined) {
    readObject();
    return;
  }
  const object = openObject(libbpf);
  try {
    readSettings(libbpf, find(libbpf.findMap(object, '.rodata'), '.rodata'));
  } finally {
    libbpf.close(object);
  }
}

function refused(what: string, hint: string, cause?: unknown): MembenchError {
  return new MembenchError('ERR_MEMBENCH_UNSUPPORTED', what, hint, cause);
}

function readObject(path = OBJECT): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw refused(
      'the BPF object is not built',
      'install clang and libbpf-dev, then npm run build; or use afpacket:IF',
      error,
    );
  }
}

/**
 * Opens an object.
 *
 * @param path default: that of the programs that copy packets
 * @throws ERR_MEMBENCH_UNSUPPORTED
 */
export function openObject(libbpf: Libbpf, path = OBJECT): Handle {
  const object = libbpf.open(readObject(path));
  if (object === null) throw refused('the BPF object is damaged', 'build it again: npm run build');
  return object;
}

/** What was found by its name in an object. @throws ERR_MEMBENCH_UNSUPPORTED */
export function find<T>(found: T | null, name: string): T {
  if (found === null) throw refused(`the BPF object lacks ${name}`, 'build it again: npm run build');
  return found;
}

/** Settings, and whether the kernel is asked for the clock of a packet's stamp. */
type LoadSettings = ProgramSettings & { stamps: boolean };

/** A ring of either kind. */
type Ring = PerfRing;

function load(libbpf: Libbpf, object: Handle, settings: LoadSettings, rings: Ring[]): LoadedPrograms {
  const map = (name: string) => find(libbpf.findMap(object, name), name);
  writeSettings(libbpf, map('.rodata'), settings);
  writePorts(libbpf, map('.rodata.ports'), settings.ports);
  const cpus = libbpf.cpus();
  const elements = cpus * (settings.rings + 1);
  if (settings.perf !== undefined) libbpf.setMaxEntries(map('events'), cpus * settings.rings);
  else for (const name of ['rings', 'wakes']) libbpf.setMaxEntries(map(name), settings.rings);
  libbpf.setMaxEntries(map('counters'), elements);
  const leavesOut = settings.skipValues || settings.parseKey !== undefined;
  libbpf.setMaxEntries(map('gatherings'), leavesOut ? cpus : 1);
  const suffix = settings.parseKey ? '_parse' : settings.skipValues ? '_cut' : '';
  const names = settings.cgroup ? ['membench_in', 'membench_out'] : ['membench_l2', 'membench_l3'];
  const programs = (ending: string) =>
    names.map((name) => find(libbpf.findProgram(object, name + ending), name));
  const suffixes =
    settings.perf === undefined && !settings.cgroup ? SUFFIXES : SUFFIXES.filter((one) => one !== '_parse');
  for (const other of suffixes.filter((one) => one !== suffix)) {
    for (const one of programs(other)) check(libbpf.setAutoload(one, false), 'leave out a BPF program');
  }
  const used = programs(suffix);
  try {
    check(libbpf.load(object), 'load the BPF programs');
  } finally {
    // The kernel has the secret by now, or will not get it.
    if (settings.parseKey) libbpf.forget(map('.rodata'));
  }
  const { perf, rings: workers, ringSize: size } = settings;
  if (perf !== undefined) openPerfBuffer(libbpf, perf, libbpf.mapFd(map('events')), { workers, size }, rings);
  else openRings(libbpf, libbpf.mapFd(map('rings')), { workers, size }, rings);
  const [first, second] = used.map((one) => libbpf.programFd(one));
  // `taking` is the only variable of the programs (bpf/maps.h).
  const variables = libbpf.mapFd(map('.bss'));
  const setTaking = (takes: number) => libbpf.updateMap(variables, 0, takes);
  return {
    programs: [first!, second!],
    rings: rings.map(({ fd }) => fd),
    counters: libbpf.mapFd(map('counters')),
    countersSize: elements * KERNEL_COUNTERS * 8,
    cpus,
    uncut: leavesOut ? libbpf.mapFd(map('uncut')) : null,
    begin: () => void check(setTaking(1), 'let the BPF programs begin'),
    pause: () => void setTaking(0),
    close() {
      for (const ring of rings) ring.close();
      libbpf.close(object);
    },
  };
}

/** Makes a BPF ring for each worker and hands them to the program; `opened` gets them. */
function openRings(
  libbpf: Libbpf,
  map: number,
  { workers, size }: { workers: number; size: number },
  opened: Ring[],
): void {
  for (let i = 0; i < workers; i++) {
    const fd = check(libbpf.createRing(size), 'make a BPF ring');
    opened.push({ fd, close: () => closeSync(fd) });
    check(libbpf.updateMap(map, i, fd), 'hand a ring to the BPF program');
  }
}

/** Errors that the user can do something about. */
const { EPERM, ENOMEM, EACCES, EINVAL } = constants.errno;

function check(code: number, what: string): number {
  if (code >= 0) return code;
  const hint =
    code === -EPERM || code === -EACCES
      ? 'run it as root, or with CAP_BPF and CAP_NET_ADMIN; or use afpacket:IF'
      : code === -ENOMEM
        ? 'use a smaller buffer (-B)'
        : code === -EINVAL
          ? 'the kernel may be older than 5.8; use --ebpf-buffer perf, or afpacket:IF'
          : 'use afpacket:IF';
  throw refused(`the kernel will not ${what}: ${bpfReason(code)}`, hint);
}

/**
 * Reads the program's read-only data, which begins with the hash of its layout, and checks that this is ours.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED
 */
export function readSettings(
  libbpf: Libbpf,
  section: Handle,
  size: number = KERNEL_SETTINGS.SIZE,
): { at: Handle; bytes: Uint8Array; view: DataView } {
  const value = libbpf.initialValue(section);
  if (value === null || value.size < size)
    throw refused('the BPF object has no settings', 'build it again: npm run build');
  const bytes = libbpf.read(value.at, size);
  const view = new DataView(bytes.buffer);
  const hash = view.getUint32(KERNEL_SETTINGS.layout_hash, true);
  if (hash !== LAYOUT_HASH) {
    throw refused(
      `the BPF object was built for layout ${hash.toString(16)}, this is ${LAYOUT_HASH.toString(16)}`,
      'build it again: npm run build',
    );
  }
  return { at: value.at, bytes, view };
}

function writeSettings(libbpf: Libbpf, section: Handle, settings: LoadSettings): void {
  const { at, bytes, view } = readSettings(libbpf, section);
  view.setUint32(KERNEL_SETTINGS.rings, settings.rings, true);
  view.setBigUint64(KERNEL_SETTINGS.seed, settings.seed, true);
  const wakeInterval = BigInt(Math.round((settings.wakeInterval ?? WAKE_INTERVAL) * 1e9));
  view.setBigUint64(KERNEL_SETTINGS.wake_interval, wakeInterval, true);
  view.setUint32(KERNEL_SETTINGS.sample, settings.sample ?? 1, true);
  view.setUint32(KERNEL_SETTINGS.stamps, settings.stamps ? 1 : 0, true);
  const most = settings.perf === undefined ? RING_CAPTURE_MAX : PERF_CAPTURE_MAX;
  view.setUint32(KERNEL_SETTINGS.snaplen, Math.min(settings.snaplen ?? most, most), true);
  if (settings.parseKey) bytes.set(settings.parseKey, KERNEL_SETTINGS.key0);
  libbpf.write(at, bytes);
  bytes.fill(0, KERNEL_SETTINGS.key0, KERNEL_SETTINGS.key1 + 8);
}

function writePorts(libbpf: Libbpf, section: Handle, ranges: ProgramSettings['ports']): void {
  const value = libbpf.initialValue(section);
  if (value === null || value.size < PORT_BITMAP)
    throw refused('the BPF object has no ports', 'build it again: npm run build');
  libbpf.write(value.at, portBitmap(ranges));
}
