/** Loads the counting program (bpf/count.bpf.c) into the kernel. */
import { constants } from 'node:os';
import { MembenchError } from '../../errors.js';
import { COUNT_COUNTERS, COUNT_SETTINGS } from '../../layout/generated.js';
import { portBitmap } from '../../memory/configure.js';
import { bpfReason, type Handle, type Libbpf } from './libbpf.js';
import { find, openObject, readSettings } from './object.js';

export interface CountingSettings {
  ports: readonly (readonly [first: number, last: number])[];
  /** Seed of the hash of connections. */
  seed: bigint;
  /** Latency is measured of one in so many requests, a power of two up to 65,536. */
  latencySample: number;
  /** Which keys leave the kernel as hashes; none where it is missing. */
  keys?: KeySampling | undefined;
}

export interface KeySampling {
  /** Keys of the sample have hashes whose upper half is below it: from 1 to 2^32, which is all. */
  limit: number;
  /** The secret for hashes of keys, 16 bytes. */
  secret: Uint8Array;
  /** Bytes of the ring that they leave in, a power of two and whole pages. */
  ringSize: number;
}

/** Descriptors of the programs and of the counters in the kernel. */
export interface CountingPrograms {
  readonly l2: number;
  readonly l3: number;
  /** An array of `cpus` times COUNT_COUNTERS u64, which can be mapped. */
  readonly counters: number;
  /** The ring of sampled keys. */
  readonly ring: number;
  readonly cpus: number;
  /**
   * Sets the ports, without which nothing is counted: so that both directions, which are attached one after the other,
   * count from the same moment on.
   *
   * @throws ERR_MEMBENCH_UNSUPPORTED
   */
  begin(): void;
  close(): void;
}

/** Path of the built object. */
const OBJECT = new URL('../../bpf/count.bpf.o', import.meta.url);

/** Bytes of a ring that is not used: a page of any kernel. */
const RING_MIN = 65536;

const { EPERM, EACCES, EINVAL, E2BIG } = constants.errno;

/**
 * Loads the programs; nothing is attached.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where the object is not built or the kernel refuses it
 */
export function loadCounting(libbpf: Libbpf, settings: CountingSettings): CountingPrograms {
  const object = openObject(libbpf, OBJECT);
  try {
    return load(libbpf, object, settings);
  } catch (error) {
    libbpf.close(object);
    throw error;
  }
}

function load(libbpf: Libbpf, object: Handle, settings: CountingSettings): CountingPrograms {
  const map = (name: string) => find(libbpf.findMap(object, name), name);
  const { at, bytes, view } = readSettings(libbpf, map('.rodata'), COUNT_SETTINGS.SIZE);
  view.setBigUint64(COUNT_SETTINGS.seed, settings.seed, true);
  view.setUint32(COUNT_SETTINGS.latency_mask, settings.latencySample - 1, true);
  const { keys } = settings;
  if (keys !== undefined) {
    view.setBigUint64(COUNT_SETTINGS.key_limit, BigInt(keys.limit), true);
    bytes.set(keys.secret, COUNT_SETTINGS.key0);
  }
  libbpf.write(at, bytes);
  bytes.fill(0);
  const cpus = libbpf.cpus();
  libbpf.setMaxEntries(map('counters'), cpus * COUNT_COUNTERS);
  libbpf.setMaxEntries(map('windows'), cpus);
  libbpf.setMaxEntries(map('keys'), cpus);
  libbpf.setMaxEntries(map('key_ring'), keys?.ringSize ?? RING_MIN);
  check(libbpf.load(object), 'load the BPF program that counts');
  const program = (name: string) => libbpf.programFd(find(libbpf.findProgram(object, name), name));
  return {
    l2: program('membench_l2'),
    l3: program('membench_l3'),
    counters: libbpf.mapFd(map('counters')),
    ring: libbpf.mapFd(map('key_ring')),
    cpus,
    begin() {
      const ports = libbpf.mapFd(map('ports'));
      const bits = new Uint32Array(portBitmap(settings.ports).buffer);
      for (const [i, word] of bits.entries()) {
        if (word !== 0) check(libbpf.updateMap(ports, i, word), 'take the ports');
      }
    },
    close: () => libbpf.close(object),
  };
}

function check(code: number, what: string): void {
  if (code >= 0) return;
  const hint =
    code === -EPERM || code === -EACCES
      ? 'run it as root, or with CAP_BPF and CAP_NET_ADMIN'
      : code === -EINVAL
        ? 'the kernel may be older than 5.8; use membench record'
        : code === -E2BIG
          ? 'this kernel needs CAP_PERFMON, too, to check it; use membench record'
          : 'use membench record';
  throw new MembenchError(
    'ERR_MEMBENCH_UNSUPPORTED',
    `the kernel will not ${what}: ${bpfReason(code)}`,
    hint,
  );
}
